package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat_exporter/demo/traffic"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// standIn is the variable that makes this test's binary an exporter of a kind that
// a test needs.
const standIn = "LIVECHAT_EXPORTER_DEMO_STAND_IN"

func TestMain(m *testing.M) {
	if kind := os.Getenv(standIn); kind != "" {
		os.Exit(standInExporter(kind))
	}
	os.Exit(m.Run())
}

// standInExporter is the program of a stand-in. Its exit code tells how it ended.
func standInExporter(kind string) int {
	interrupted, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Fprintf(os.Stderr, "the stand-in %s\n", kind)
	switch kind {
	case "is misconfigured":
		return 2
	case "is deaf":
		select {} // Nothing but force ends it.
	case "ends after the first page":
	default:
		<-interrupted.Done()
		return 0
	}
	address := ""
	for _, argument := range os.Args {
		if value, found := strings.CutPrefix(argument, "--web.listen-address="); found {
			address = value
		}
	}
	served := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/-/ready", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, `livechat_department_abandoned_rooms{department_id="none",window="24h"} 1`)
		close(served)
	})
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.ListenAndServe() }()
	<-served
	_ = server.Shutdown(context.Background()) // It waits until the page is sent.
	return 7
}

// thisBinary is a builder of this test's binary, with a configuration that the
// stand-ins do not read.
func thisBinary(context.Context, string) (built, error) {
	binary, err := os.Executable()
	return built{binary: binary}, err
}

// output is what a program prints, for a writer and a reader at once.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// The real exporter on the simulated workspace, as a user starts it, on ports of
// which one is taken.
func TestDemoRunsTheExporterUntilItIsInterrupted(t *testing.T) {
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	t.Setenv("TMP", temporary)

	var stdout, stderr output
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"--seed=5", "--workspace.listen-address=" + taken.Addr().String(), "--exporter.listen-address=127.0.0.1:0"},
			build, &stdout, &stderr)
	}()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for !strings.Contains(stdout.String(), "Ctrl-C ends the demo.") {
		select {
		case got := <-code:
			t.Fatalf("ended with %d:\n%s%s", got, &stdout, &stderr)
		case <-poll.C:
		}
	}
	text := stdout.String()
	if want := taken.Addr().String() + " cannot be had"; !strings.Contains(text, want) {
		t.Errorf("the output does not say that %s:\n%s", want, text)
	}
	if !strings.Contains(text, "9 departments, 35 days of chats, seed 5") || !strings.Contains(text, "Technical Support\n") {
		t.Errorf("the output lacks departments:\n%s", text)
	}
	address := regexp.MustCompile(`curl (http://\S+/metrics)`).FindStringSubmatch(text)
	if address == nil {
		t.Fatalf("the output names no page of metrics:\n%s", text)
	}
	for range 5 { // 20 calls: more than the server's limit for accounts that have one
		page, failed := get(t.Context(), address[1])
		if failed != nil {
			t.Fatal(failed)
		}
		for _, want := range []string{`window="7d"}`, `department_id="none"`, "\nlivechat_up 1\n"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page lacks %s:\n%s", want, page)
			}
		}
	}
	question := regexp.MustCompile(`curl -H "X-User-Id: (\S+)" -H "X-Auth-Token: (\S+)" "(\S+)"`).FindStringSubmatch(text)
	if question == nil {
		t.Fatalf("the output shows no way to ask Rocket.Chat:\n%s", text)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, question[3], http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-User-Id", question[1])
	request.Header.Set("X-Auth-Token", question[2])
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("Rocket.Chat answers %s, want 200", response.Status)
	}

	interrupt()
	if got := <-code; got != 0 {
		t.Errorf("exit code = %d, want 0", got)
	}
	if stderr.String() != "" {
		t.Errorf("errors:\n%s", &stderr)
	}
	if _, err = get(t.Context(), address[1]); err == nil {
		t.Error("the exporter still runs")
	}
	left, err := filepath.Glob(filepath.Join(temporary, "livechat_exporter-demo-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestDemoFailsWithItsExporter(t *testing.T) {
	for kind, want := range map[string]string{
		"is misconfigured":          "demo: the exporter has ended (exit status 2): its messages are above\n",
		"ends after the first page": "demo: the exporter has ended (exit status 7): its messages are above\n",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Setenv(standIn, kind)
			var stdout, stderr output
			got := run(t.Context(), []string{"--workspace.listen-address=127.0.0.1:0", "--exporter.listen-address=127.0.0.1:0"}, thisBinary, &stdout, &stderr)
			if want = "the stand-in " + kind + "\n" + want; got != 1 || stderr.String() != want {
				t.Errorf("exit code %d with %q, want 1 with %q", got, &stderr, want)
			}
		})
	}
}

func TestInterruptedWhileTheExporterStarts(t *testing.T) {
	t.Setenv(standIn, "never listens")
	ctx, interrupt := context.WithCancel(t.Context())
	var stdout, stderr output
	building := func(ctx context.Context, folder string) (built, error) {
		interrupt()
		return thisBinary(ctx, folder)
	}
	if got := run(ctx, []string{"--workspace.listen-address=127.0.0.1:0", "--exporter.listen-address=127.0.0.1:0"}, building, &stdout, &stderr); got != 0 {
		t.Errorf("exit code = %d, want 0:\n%s", got, &stderr)
	}
}

func TestWhatCannotStart(t *testing.T) {
	t.Parallel()
	broken := func(context.Context, string) (built, error) {
		return built{}, fmt.Errorf("build the exporter: %w", os.ErrPermission)
	}
	absent := func(_ context.Context, folder string) (built, error) {
		return built{binary: filepath.Join(folder, "absent")}, nil
	}
	for name, tt := range map[string]struct {
		args  []string
		build builder
		code  int
		err   string // the beginning
	}{
		"an unknown flag":   {args: []string{"--sed=1"}, code: 2, err: "demo: unknown long flag '--sed', try --help\n"},
		"a seed of letters": {args: []string{"--seed=x"}, code: 2, err: "demo: strconv.ParseUint"},
		"help":              {args: []string{"--help"}, code: 0},
		"no exporter":       {build: broken, code: 1, err: "demo: build the exporter: permission denied\n"},
		"a binary that is not there": {
			args: []string{"--workspace.listen-address=127.0.0.1:0", "--exporter.listen-address=127.0.0.1:0"}, build: absent,
			code: 1, err: "demo: start the exporter: ",
		},
		"an address that is none": {
			args: []string{"--workspace.listen-address=here"}, build: absent,
			code: 1, err: "demo: read an address of the workspace: address here: missing port in address\n",
		},
		"an address of elsewhere": {
			args: []string{"--workspace.listen-address=127.0.0.1:0", "--exporter.listen-address=192.0.2.1:10098"}, build: absent,
			code: 1, err: "demo: listen for the exporter: listen tcp 192.0.2.1:10098: ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr output
			if got := run(t.Context(), tt.args, tt.build, &stdout, &stderr); got != tt.code {
				t.Errorf("exit code = %d, want %d", got, tt.code)
			}
			if got := stderr.String(); !strings.HasPrefix(got, tt.err) || tt.err == "" && got != "" {
				t.Errorf("errors = %q, want %q", got, tt.err)
			}
		})
	}
}

func TestBuildOutsideOfTheRepositorySaysSo(t *testing.T) {
	t.Chdir(t.TempDir())
	const want = "run the demo inside its repository: go run ./demo"
	if _, err := build(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error = %v, want %q in it", err, want)
	}
}

func TestBuildWithoutGoSaysSo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := build(t.Context(), t.TempDir()); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("error = %v, want %v", err, exec.ErrNotFound)
	}
}

func TestStopAsksTheExporterAndThenForcesIt(t *testing.T) {
	t.Parallel()
	program, err := thisBinary(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for kind, tt := range map[string]struct {
		asked   time.Duration
		success bool
	}{
		"ends when asked": {asked: patience, success: runtime.GOOS != "windows"}, // which has no signal to ask with
		"is deaf":         {asked: 10 * time.Millisecond},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			var stderr output
			e, err := startProcess("the exporter", program.binary, nil, []string{standIn + "=" + kind}, &stderr)
			if err != nil {
				t.Fatal(err)
			}
			poll := time.NewTicker(time.Millisecond)
			defer poll.Stop()
			for stderr.String() == "" { // It listens to signals before it says so.
				<-poll.C
			}
			e.stop(time.Millisecond, tt.asked)
			if got := e.cmd.ProcessState.Success(); got != tt.success {
				t.Errorf("ended with %v, want success = %t", e.cmd.ProcessState, tt.success)
			}
		})
	}
}

func TestSimulatedAccountHasNoRateLimit(t *testing.T) {
	t.Parallel()
	w := simulate(t.Context(), company(1, traffic.Departments()))
	settings := w.Settings()
	want := []string{rocketchattest.ViewLivechatManager, rocketchattest.ViewLRoom, rocketchattest.BypassRateLimit}
	if strings.Join(settings.Permissions, " ") != strings.Join(want, " ") {
		t.Errorf("permissions = %v, want %v", settings.Permissions, want)
	}
}
