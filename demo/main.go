package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"livechat_exporter/demo/traffic"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// flags are the command line.
type flags struct {
	seed                uint64
	workspace, exporter string // the addresses to listen on
	workspaceOnly       bool   // runs no exporter
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
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
	if f.workspaceOnly {
		show = workspaceOnly
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
	_, err = app.Parse(args)
	return f, done, err //nolint:wrapcheck // The message is for the user, as it is.
}

// demo runs until ctx ends, or until something that must not end does.
func demo(ctx context.Context, f flags, build builder, stdout, stderr io.Writer) error {
	folder, err := os.MkdirTemp("", "livechat_exporter-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the exporter: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }() // It is the system's folder for what may stay behind.
	fmt.Fprintln(stdout, "Building the exporter. The first time this takes a minute.")
	program, err := build(ctx, folder)
	if err != nil {
		return err
	}

	workspace, err := serveWorkspace(ctx, f, stdout)
	if err != nil {
		return err
	}
	defer workspace.close()

	address, err := freeAddress(ctx, "the exporter", f.exporter, stdout)
	if err != nil {
		return err
	}
	e, err := startExporter(program.binary,
		[]string{"--config.file=" + program.configFile, "--web.listen-address=" + address, "--log.level=warn"},
		[]string{
			"ROCKETCHAT_URL=http://" + workspace.address,
			"ROCKETCHAT_USER_ID=" + rocketchattest.UserID,
			"ROCKETCHAT_AUTH_TOKEN=" + rocketchattest.AuthToken,
		}, stderr)
	if err != nil {
		return err
	}
	defer e.stop(ownEnd, patience)
	found, err := firstSamples(ctx, e, "http://"+address, workspace.Departments())
	if err != nil {
		return err
	}
	report{
		workspace:   workspace.address,
		exporter:    address,
		departments: len(workspace.Departments()),
		seed:        f.seed,
		samples:     found,
		now:         time.Now(),
	}.write(stdout)

	select {
	case <-ctx.Done():
		return nil
	case err := <-workspace.failed:
		return fmt.Errorf("serve the workspace: %w", err)
	case <-e.ended:
	}
	// Ctrl-C reaches the exporter too, and it may be quicker to end.
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(ownEnd):
		return e.endedError()
	}
}

// firstSamples are the samples on the exporter's first page, once it is ready.
func firstSamples(ctx context.Context, e *exporter, url string, departments []rocketchattest.Department) ([]string, error) {
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

// simulate makes a workspace with chats of the past, and lets it have new ones until
// the context ends.
func simulate(ctx context.Context, seed uint64) *rocketchattest.Workspace {
	workspace := rocketchattest.New(rocketchattest.Latest)
	workspace.Configure(func(s *rocketchattest.Settings) {
		s.InactivityTimeout = traffic.InactivityTimeout
		// As the role bot has it: whoever plays with the demo asks more than ten
		// times a minute.
		s.Permissions = append(s.Permissions, rocketchattest.BypassRateLimit)
		s.RequestLog = 0 // Nobody asks for it, however long the demo runs.
	})
	// The mornings that are busy are the user's own.
	generator := traffic.Generator{Seed: seed, Departments: traffic.Departments(), Location: time.Local}
	go traffic.NewFeed(workspace, generator, time.Now()).Run(ctx)
	return workspace
}
