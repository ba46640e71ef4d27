package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"livechat_exporter/internal/backfill"
)

// The commands.
const serveCommand, checkCommand, backfillCommand = "serve", "check", "backfill"

// flags are the command line.
type flags struct {
	command             string
	configFile          string
	logLevel, logFormat string
	// Of check.
	offline   bool
	workspace string
	// Of backfill.
	past   backfill.Options
	dryRun bool
	// Of serve.
	web                    *web.FlagConfig
	metricsPath            string
	timeoutOffset          time.Duration
	maxRequests            int
	disableExporterMetrics bool
	enableLifecycle        bool
	enablePprof            bool
}

// parse reads the command line. It is done if --help or --version has been answered.
func parse(args []string, stdout io.Writer) (f *flags, done bool, err error) {
	f = &flags{}
	logLevels, logFormats := []string{"debug", "info", "warn", "error"}, []string{"logfmt", "json"}
	app := kingpin.New(name, "Exports abandoned chats of Rocket.Chat workspaces, per department and window, to Prometheus.").
		UsageWriter(stdout).
		Terminate(func(int) { done = true })
	if slices.Contains(args, "--help-man") {
		kingpin.ManPageTemplate = manPage(kingpin.ManPageTemplate)
		app.Version(name + " " + version.Version) // The page's title has room for one line.
	} else {
		app.Version(version.Print(name))
	}
	app.HelpFlag.Short('h')
	if !slices.ContainsFunc([]string{serveCommand, checkCommand, backfillCommand}, func(command string) bool { return slices.Contains(args, command) }) {
		app.UsageTemplate(kingpin.LongHelpTemplate) // Help without a command is help on all.
	}
	app.Flag("config.file", "Configuration file.").Default("config.yml").StringVar(&f.configFile)
	app.Flag("log.level", "Only log messages of this level or above: debug, info, warn or error.").
		Default("info").HintOptions(logLevels...).StringVar(&f.logLevel)
	app.Flag("log.format", "Format of log messages: logfmt or json.").
		Default("logfmt").HintOptions(logFormats...).StringVar(&f.logFormat)

	serve := app.Command(serveCommand, "Serve metrics until stopped by a signal.")
	if !completesCommand(args) {
		serve.Default()
	}
	f.web = kingpinflag.AddFlags(serve, ":10098")
	serve.Flag("web.telemetry-path", "Path of the page of metrics.").Default("/metrics").StringVar(&f.metricsPath)
	serve.Flag("web.timeout-offset", "What to subtract from the scraper's timeout, for writing and sending the page.").
		Default("0.5s").DurationVar(&f.timeoutOffset)
	serve.Flag("web.max-requests", "How many requests for one workspace are served at once; 0 for any number.").Default("40").IntVar(&f.maxRequests)
	serve.Flag("web.enable-lifecycle", "Allow reloading the configuration by a POST to /-/reload. SIGHUP always does.").BoolVar(&f.enableLifecycle)
	serve.Flag("web.enable-pprof", "Serve the profiles of the Go runtime below /debug/pprof/.").BoolVar(&f.enablePprof)
	serve.Flag("web.disable-exporter-metrics", "Leave out the metrics about the exporter itself (go_*, process_*, promhttp_*).").
		BoolVar(&f.disableExporterMetrics)

	check := app.Command(checkCommand, "Try the configuration and its workspaces, report what is wrong and what to do, and end.")
	check.Flag("offline", "Send nothing: check the configuration alone.").BoolVar(&f.offline)
	check.Flag("workspace", "Check the workspace of this name alone.").PlaceHolder("NAME").StringVar(&f.workspace)

	f.backfillFlags(app)

	f.command, err = app.Parse(args)
	switch { // kingpin's own check of a word does not name the flag.
	case err != nil:
	case !slices.Contains(logLevels, f.logLevel):
		err = fmt.Errorf("--log.level must be debug, info, warn or error, not %q", f.logLevel)
	case !slices.Contains(logFormats, f.logFormat):
		err = fmt.Errorf("--log.format must be logfmt or json, not %q", f.logFormat)
	case f.past.CallsPerMinute < 0:
		err = errors.New("--calls-per-minute must not be negative")
	case f.timeoutOffset < 0 || f.maxRequests < 0:
		err = errors.New("--web.timeout-offset and --web.max-requests must not be negative")
	}
	return f, done, err
}

// manPage completes the template of the manual page: the version is the page's source, not
// its date, and NAME has the description that whatis shows.
func manPage(template string) string {
	return strings.NewReplacer(
		`1 {{.App.Version}} "{{.App.Author}}"`, `1 "" "{{.App.Version}}" ""`,
		"\"NAME\"\n{{.App.Name}}\n", "\"NAME\"\n{{.App.Name}} \\- {{.App.Help}}\n",
	).Replace(template)
}

// completesCommand reports whether a shell asks for the words that can stand in the place
// of a command. With a default command, kingpin would offer none.
func completesCommand(args []string) bool {
	return slices.Contains(args, "--completion-bash") && !strings.HasPrefix(args[len(args)-1], "-")
}

func (f *flags) backfillFlags(app *kingpin.Application) {
	past := app.Command(backfillCommand, "Write what the exporter would have exported in the past as OpenMetrics files for Prometheus to load, and end.")
	past.Flag("output", "Folder for the files. With the journal in it, a run that was stopped goes on.").Required().PlaceHolder("DIR").StringVar(&f.past.Folder)
	past.Flag("workspace", "Only the workspace of this name; can be repeated.").PlaceHolder("NAME").StringsVar(&f.past.Workspaces)
	past.Flag("from", "When the past begins: a duration back, or an RFC 3339 time.").Default("22d").StringVar(&f.past.From)
	past.Flag("until", "When it ends, an RFC 3339 time. Default: 3 hours ago.").PlaceHolder("TIME").StringVar(&f.past.Until)
	past.Flag("step", "Distance of two samples; it divides an hour.").Default("30m").DurationVar(&f.past.Step)
	past.Flag("windows", "Also make the numbers of the configured windows.").BoolVar(&f.past.Windows)
	past.Flag("calls-per-minute", "How many calls of a route to send. Default: what rate_limit leaves of the 10 that Rocket.Chat accepts.").
		PlaceHolder("N").IntVar(&f.past.CallsPerMinute)
	past.Flag("dry-run", "Print how many calls, how much time and how many samples it takes, and send nothing.").BoolVar(&f.dryRun)
	past.Flag("job", "The label job of all series.").Default("livechat").StringVar(&f.past.Job)
	past.Flag("instance", "The label instance of all series. Default: the workspace's name.").PlaceHolder("NAME").StringVar(&f.past.Instance)
}
