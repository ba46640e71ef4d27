package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/common/version"

	"livechat_exporter/internal/check"
	"livechat_exporter/internal/config"
	"livechat_exporter/internal/rocketchat"
)

// checkFlags are the flags of the command check.
type checkFlags struct {
	offline             bool
	format, workspace   string
	interval, timeLimit time.Duration
}

func (f *checkFlags) add(app *kingpin.CmdClause) {
	app.Flag("offline", "Send nothing: check the configuration alone.").BoolVar(&f.offline)
	app.Flag("format", "Format of the report: text or json.").Default("text").StringVar(&f.format)
	app.Flag("workspace", "Check the workspace of this name alone.").PlaceHolder("NAME").StringVar(&f.workspace)
	app.Flag("scrape-interval", "The time between two scrapes (Prometheus' scrape_interval), to compare the calls with.").
		Default("1m").DurationVar(&f.interval)
	app.Flag("time-limit", "When to give up what is not checked by then.").Default("2m").DurationVar(&f.timeLimit)
}

// check fails if a flag has a value that it cannot have.
func (f *checkFlags) check() error {
	switch {
	case !slices.Contains([]string{"text", "json"}, f.format):
		return fmt.Errorf("--format must be text or json, not %q", f.format)
	case f.interval < time.Second:
		return errors.New("--scrape-interval must be 1s or more")
	case f.timeLimit <= 0:
		return errors.New("--time-limit must be more than 0")
	}
	return nil
}

// checkWorkspaces is the command check: it returns the exit code.
func checkWorkspaces(
	ctx context.Context, f *flags, lookupEnv func(string) (string, bool), stdout io.Writer, logger log.Logger,
) int {
	report, code := checked(ctx, f, lookupEnv, logger)
	report.Exporter, report.ConfigFile = version.Version, f.configFile
	var err error
	switch {
	case f.checking.format == "json":
		err = report.WriteJSON(stdout)
	case code != exitUsage: // The log has said it all.
		err = report.WriteText(stdout, textStyle(stdout, lookupEnv))
	}
	if err != nil {
		_ = level.Error(logger).Log("msg", "The report is not written", "err", err)
		return exitFailed
	}
	return code
}

// checked checks the configuration, and the workspaces if that is right.
func checked(
	ctx context.Context, f *flags, lookupEnv func(string) (string, bool), logger log.Logger,
) (report check.Report, code int) {
	cfg, err := config.Load(f.configFile, lookupEnv)
	if err == nil && f.checking.workspace != "" && !slices.ContainsFunc(cfg.Workspaces, f.checking.chooses) {
		err = fmt.Errorf("--workspace: there is no workspace %q in %s", f.checking.workspace, f.configFile)
	}
	var workspaces []check.Workspace
	if err == nil {
		workspaces, err = toCheck(cfg, f.checking.chooses)
	}
	if err != nil {
		logMistakes(logger, err)
		return check.Refused(f.checking.offline, mistakes(err)), exitUsage
	}
	report = check.Run(ctx, workspaces, check.Options{
		Offline: f.checking.offline, Interval: f.checking.interval, TimeLimit: f.checking.timeLimit, Now: time.Now,
	})
	if report.Status == check.Failed {
		code = exitFailed
	}
	return report, code
}

// chooses reports whether the workspace is to be checked.
func (f *checkFlags) chooses(ws config.Workspace) bool {
	return f.workspace == "" || ws.Name == f.workspace
}

// toCheck returns the chosen workspaces of a configuration as package check knows them.
func toCheck(cfg *config.Config, chosen func(config.Workspace) bool) ([]check.Workspace, error) {
	budgets := rocketchat.NewBudgets(time.Now)
	costs, sharing := make(map[string][]check.Cost), make(map[string]int)
	for _, c := range config.Costs(cfg.Workspaces) {
		costs[c.Address] = append(costs[c.Address], check.Cost{Route: c.Route, Calls: c.Calls, Periods: c.Periods})
	}
	for _, ws := range cfg.Workspaces {
		sharing[ws.Address()]++
	}
	var workspaces []check.Workspace
	for _, ws := range cfg.Workspaces {
		if !chosen(ws) {
			continue
		}
		transport, err := newTransport(ws)
		if err != nil {
			return nil, err
		}
		workspaces = append(workspaces, check.Workspace{
			Name:       ws.Name,
			URL:        ws.URL.String(),
			Encrypted:  ws.URL.Scheme == "https",
			Local:      isLocal(ws.URL),
			Unverified: ws.HTTPClient.TLSConfig.InsecureSkipVerify,
			Login:      ws.Username.IsSet(),
			Secrets:    secrets(ws),
			Connect: func(observe func(rocketchat.Call)) *rocketchat.Client {
				return newClient(ws, transport, credentials(ws), budgets, observe)
			},
			Windows:           windowsToCheck(ws),
			InactivityTimeout: ws.InactivityTimeout,
			Counter:           ws.Counter,
			Rooms:             ws.Rooms,
			Departments:       ws.Departments,
			Limit:             limit(ws),
			MaxAge:            ws.MaxAge,
			Timeout:           ws.Timeout,
			Address:           ws.Address(),
			Sharing:           sharing[ws.Address()],
			Costs:             costs[ws.Address()],
		})
	}
	return workspaces, nil
}

// secrets are the parts of the workspace's credentials.
func secrets(ws config.Workspace) []check.Secret {
	if ws.Username.IsSet() {
		return []check.Secret{{Name: "user name", Read: ws.Username.Read, Public: true}, {Name: "password", Read: ws.Password.Read}}
	}
	return []check.Secret{{Name: "user id", Read: ws.UserID.Read}, {Name: "auth token", Read: ws.AuthToken.Read}}
}

// windowsToCheck are the configured windows as package check knows them.
func windowsToCheck(ws config.Workspace) []check.Window {
	var configured []check.Window
	for i, w := range windows(ws) {
		configured = append(configured, check.Window{
			Name: w.Name(), Duration: ws.Windows[i].Duration,
			Period: func(now time.Time) (start, end time.Time) {
				p := w.Period(now)
				return p.Start, p.End
			},
		})
	}
	return configured
}

// isLocal reports whether what is sent to the address stays on this machine.
func isLocal(u *url.URL) bool {
	ip, err := netip.ParseAddr(u.Hostname())
	return strings.EqualFold(u.Hostname(), "localhost") || err == nil && ip.IsLoopback()
}

// textStyle is how to write to stdout: with colours and broken lines for somebody who
// looks at a terminal, and else plainly. NO_COLOR is the convention of no-color.org.
func textStyle(stdout io.Writer, lookupEnv func(string) (string, bool)) check.Style {
	const width = 100
	file, ok := stdout.(*os.File)
	if !ok {
		return check.Style{}
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return check.Style{}
	}
	noColor, _ := lookupEnv("NO_COLOR")
	terminal, _ := lookupEnv("TERM")
	return check.Style{Width: width, Colour: noColor == "" && terminal != "" && terminal != "dumb"}
}
