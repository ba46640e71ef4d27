package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// module is the exporter's module, and the package of its main program.
const module = "livechat_exporter"

const (
	// patience is how long the exporter may take to be ready, and to stop.
	patience = 30 * time.Second
	// ownEnd is how long the exporter has to stop by itself. Ctrl-C in a terminal
	// reaches it as it reaches the demo, and a second signal would cut its end short.
	ownEnd = time.Second
)

// built is an exporter that is ready to be run.
type built struct {
	binary string
	// configFile is the configuration that is shipped with its sources.
	configFile string
}

// builder builds an exporter into a folder.
type builder func(ctx context.Context, folder string) (built, error)

// build builds the exporter of this module into a folder.
func build(ctx context.Context, folder string) (built, error) {
	// The version control's stamp is no use here, and an obstacle where git is
	// missing or the checkout is somebody else's.
	const noStamp = "-buildvcs=false"
	sources, err := goTool(ctx, "list", noStamp, "-f", "{{.Dir}}", module)
	if err != nil {
		return built{}, fmt.Errorf("find the exporter's sources (run the demo inside its repository: go run ./demo): %w", err)
	}
	binary := filepath.Join(folder, module)
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	if _, err := goTool(ctx, "build", noStamp, "-o", binary, module); err != nil {
		return built{}, fmt.Errorf("build the exporter: %w", err)
	}
	return built{binary: binary, configFile: filepath.Join(sources, "config.yml")}, nil
}

// goTool runs the go command and returns what it prints. Its complaints become
// part of the error.
func goTool(ctx context.Context, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // G204: the arguments are the demo's own.
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, &stderr)
	}
	return strings.TrimSpace(stdout.String()), nil
}

// exporter is the exporter's process.
type exporter struct {
	cmd *exec.Cmd
	// ended is closed when the process has ended, and cmd tells how.
	ended chan struct{}
}

// startExporter starts a binary with arguments and with more environment than this
// process has, of the form "name=value". What it logs goes to stderr.
func startExporter(binary string, args, environment []string, stderr io.Writer) (*exporter, error) {
	cmd := exec.Command(binary, args...) //nolint:gosec,noctx // G204: the binary was built by the demo. It ends with stop.
	cmd.Env = append(os.Environ(), environment...)
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the exporter: %w", err)
	}
	e := &exporter{cmd: cmd, ended: make(chan struct{})}
	go func() {
		defer close(e.ended)
		_ = cmd.Wait() // The process's state says the same.
	}()
	return e, nil
}

// stop ends the process and waits for its end: for a time by itself, then, asked to
// end, for another.
func (e *exporter) stop(byItself, asked time.Duration) {
	if e.endsWithin(byItself) {
		return
	}
	// Where there are no signals to send, as on Windows, it is ended at once.
	if err := e.cmd.Process.Signal(os.Interrupt); err == nil && e.endsWithin(asked) {
		return
	}
	_ = e.cmd.Process.Kill() // It fails only if the process has ended meanwhile.
	<-e.ended
}

func (e *exporter) endsWithin(d time.Duration) bool {
	select {
	case <-e.ended:
		return true
	case <-time.After(d):
		return false
	}
}

// endedError says how the process ended.
func (e *exporter) endedError() error {
	return fmt.Errorf("the exporter has ended (%s): its messages are above", e.cmd.ProcessState)
}

// waitReady waits until a page answers 200.
func (e *exporter) waitReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("not ready after %s", patience))
	defer cancel()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		if _, err := get(ctx, url); err == nil {
			return nil
		}
		select {
		case <-e.ended:
			return e.endedError()
		case <-ctx.Done():
			return fmt.Errorf("wait for the exporter: %w", context.Cause(ctx))
		case <-poll.C:
		}
	}
}

// get reads a page, which must answer 200.
func get(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", fmt.Errorf("make a request: %w", err)
	}
	// Both servers are on this machine: no proxy stands between.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return "", fmt.Errorf("ask the exporter: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", url, err)
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %w", url, errors.New(response.Status))
	}
	return string(body), nil
}
