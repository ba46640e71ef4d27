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
)

// The commands.
const serveCommand, checkCommand = "serve", "check"

// flags are the command line.
type flags struct {
	command             string
	configFile          string
	logLevel, logFormat string
	// Of check.
	offline   bool
	workspace string
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
	if !slices.Contains(args, serveCommand) && !slices.Contains(args, checkCommand) {
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

	f.command, err = app.Parse(args)
	switch { // kingpin's own check of a word does not name the flag.
	case err != nil:
	case !slices.Contains(logLevels, f.logLevel):
		err = fmt.Errorf("--log.level must be debug, info, warn or error, not %q", f.logLevel)
	case !slices.Contains(logFormats, f.logFormat):
		err = fmt.Errorf("--log.format must be logfmt or json, not %q", f.logFormat)
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
