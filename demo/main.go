package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"livechat_exporter/demo/traffic"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// flags are the command line.
type flags struct {
	seed                     uint64
	workspace, exporter      string // the addresses to listen on
	prometheus, alertmanager string
	workspaceOnly            bool // runs no exporter
	// stack is the folder of the programs of the whole stack; without it, there is
	// none but the exporter.
	stack      string
	spikeAfter time.Duration
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := run(ctx, os.Args[1:], build, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program, with the exporter that build builds. Its exit code is 0 if
// ctx ended it, 1 if something else did and 2 if the flags are wrong.
func run(ctx context.Context, args []string, build builder, stdout, stderr io.Writer) int {
	f, done, err := parse(args, stdout)
	if done {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "demo: %v, try --help\n", err)
		return 2
	}
	show := demo
	switch {
	case f.workspaceOnly:
		show = workspaceOnly
	case f.stack != "":
		show = stackDemo
	}
	if err := show(ctx, f, build, stdout, stderr); err != nil && ctx.Err() == nil {
		fmt.Fprintf(stderr, "demo: %v\n", err)
		return 1
	}
	return 0
}

// parse reads the command line. It is done if --help has been answered.
func parse(args []string, stdout io.Writer) (f flags, done bool, err error) {
	app := kingpin.New("demo", "Simulates a Rocket.Chat workspace and runs the exporter on it.").
		UsageWriter(stdout).
		Terminate(func(int) { done = true })
	app.HelpFlag.Short('h')
	app.Flag("seed", "Equal seeds give equal chats.").Default("1").Uint64Var(&f.seed)
	app.Flag("workspace.listen-address", "Address of the simulated workspace. Where it is taken, a free port is.").
		Default("127.0.0.1:3000").StringVar(&f.workspace)
	app.Flag("exporter.listen-address", "Address of the exporter. Where it is taken, a free port is.").
		Default("127.0.0.1:10098").StringVar(&f.exporter)
	app.Flag("workspace-only", "Simulate the workspace and run no exporter on it.").BoolVar(&f.workspaceOnly)
	app.Flag("stack", "Run Prometheus and Alertmanager with the shipped rules and routes too, and let an alert fire. "+
		"The folder that holds prometheus, promtool and alertmanager.").PlaceHolder("FOLDER").StringVar(&f.stack)
	app.Flag("spike-after", "With --stack: how long after the start of the workspace visitors are lost.").
		Default("30s").DurationVar(&f.spikeAfter)
	app.Flag("prometheus.listen-address", "With --stack: address of Prometheus. Where it is taken, a free port is.").
		Default("127.0.0.1:9090").StringVar(&f.prometheus)
	app.Flag("alertmanager.listen-address", "With --stack: address of Alertmanager. Where it is taken, a free port is.").
		Default("127.0.0.1:9093").StringVar(&f.alertmanager)
	_, err = app.Parse(args)
	return f, done, err
}

// demo runs until ctx ends, or until something that must not end does.
func demo(ctx context.Context, f flags, build builder, stdout, stderr io.Writer) error {
	r, err := begin(ctx, f, company(f.seed, traffic.Departments()), build, stdout, stderr)
	defer r.end()
	if err != nil {
		return err
	}
	r.report(f).write(stdout)
	return r.wait(ctx)
}

// running is what a demo runs, as far as it has come.
type running struct {
	folder    string // of all that it writes
	program   built
	workspace served
	exporter  string   // its address
	samples   []string // on its first page
	processes processes
}

// begin runs the exporter on the workspace of a company. What it returns is to be
// ended also after an error.
func begin(ctx context.Context, f flags, company traffic.Generator, build builder, stdout, stderr io.Writer) (*running, error) {
	r := new(running)
	var err error
	if r.folder, err = os.MkdirTemp("", "livechat_exporter-demo-"); err != nil {
		return r, fmt.Errorf("make a folder for the exporter: %w", err)
	}
	fmt.Fprintln(stdout, "Building the exporter. The first time this takes a minute.")
	if r.program, err = build(ctx, r.folder); err != nil {
		return r, err
	}
	if r.workspace, err = serveWorkspace(ctx, f.workspace, company, stdout); err != nil {
		return r, err
	}
	if r.exporter, err = freeAddress(ctx, "the exporter", f.exporter, stdout); err != nil {
		return r, err
	}
	exporter, err := startProcess("the exporter", r.program.binary,
		[]string{"--config.file=" + filepath.Join(r.program.sources, "config.yml"), "--web.listen-address=" + r.exporter, "--log.level=warn"},
		r.environment(), stderr)
	if err != nil {
		return r, err
	}
	r.processes = append(r.processes, exporter)
	r.samples, err = firstSamples(ctx, exporter, "http://"+r.exporter, r.workspace.Departments())
	return r, err
}

// report is the state of the workspace and the exporter, for printing.
func (r *running) report(f flags) report {
	return report{
		workspace:   r.workspace.address,
		exporter:    r.exporter,
		departments: len(r.workspace.Departments()),
		seed:        f.seed,
		samples:     r.samples,
		now:         time.Now(),
	}
}

// wait waits until ctx ends, or until something that must not end does.
func (r *running) wait(ctx context.Context) error {
	var first *process
	select {
	case <-ctx.Done():
		return nil
	case err := <-r.workspace.failed:
		return fmt.Errorf("serve the workspace: %w", err)
	case first = <-r.processes.firstEnd():
	}
	// Ctrl-C reaches the programs too, and they may be quicker to end.
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(ownEnd):
		return first.endedError()
	}
}

// writeFiles writes files into the demo's folder.
func (r *running) writeFiles(contents map[string]string) error {
	for name, content := range contents {
		if err := os.WriteFile(filepath.Join(r.folder, name), []byte(content), 0o600); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

// end ends what runs and removes what was written.
func (r *running) end() {
	r.processes.stop()
	if r.workspace.close != nil {
		r.workspace.close()
	}
	if r.folder != "" {
		_ = os.RemoveAll(r.folder)
	}
}

// firstSamples are the samples on the exporter's first page, once it is ready.
func firstSamples(ctx context.Context, e *process, url string, departments []rocketchattest.Department) ([]string, error) {
	if err := e.waitReady(ctx, url+"/-/ready"); err != nil {
		return nil, err
	}
	page, err := get(ctx, url+"/metrics")
	if err != nil {
		return nil, err
	}
	found := samples(page, sampleWindow, departments)
	if len(found) == 0 {
		return nil, fmt.Errorf("%s/metrics says nothing of abandoned chats: the exporter's messages are above", url)
	}
	return found, nil
}

// company is who chats in the workspace.
func company(seed uint64, departments []traffic.Department) traffic.Generator {
	// The mornings that are busy are the user's own.
	return traffic.Generator{Seed: seed, Departments: departments, Location: time.Local}
}

// simulate makes a workspace with a company's chats of the past, and lets it have new
// ones until the context ends.
func simulate(ctx context.Context, company traffic.Generator) *rocketchattest.Workspace {
	workspace := rocketchattest.New(rocketchattest.Latest)
	workspace.Configure(func(s *rocketchattest.Settings) {
		s.InactivityTimeout = traffic.InactivityTimeout
		// As the role bot has it: whoever plays with the demo asks more than ten
		// times a minute.
		s.Permissions = append(s.Permissions, rocketchattest.BypassRateLimit)
		s.RequestLog = 0 // Nobody asks for it, however long the demo runs.
	})
	go traffic.NewFeed(workspace, company, time.Now()).Run(ctx)
	return workspace
}
