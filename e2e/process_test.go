package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a program that a test runs beside itself.
type process struct {
	name           string
	cmd            *exec.Cmd
	stdout, stderr buffer
	exited         chan struct{}
}

// start runs a program until it ends or the test does, which then ends it with
// SIGTERM and demands that it exits with 0. Its environment is empty: nothing of the
// machine's reaches it.
func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	return startIn(t, []string{}, name, args...)
}

// startIn is start with an environment, of the form "name=value".
func startIn(t *testing.T, environment []string, name string, args ...string) *process {
	t.Helper()
	// Not the test's context: that would kill the process before its clean-up asks
	// it to end.
	p := &process{name: name, cmd: exec.CommandContext(context.WithoutCancel(t.Context()), name, args...), exited: make(chan struct{})}
	p.cmd.Env = environment
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.SysProcAttr = endWithParent()
	p.cmd.WaitDelay = time.Second
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start: %v", err)
	}
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.stop(t)
		if t.Failed() {
			t.Logf("%v\nstandard output:\n%s\nstandard error:\n%s", p.cmd.Args, p.stdout.String(), p.stderr.String())
		}
	})
	return p
}

// stop ends the process if it still runs.
func (p *process) stop(t *testing.T) {
	t.Helper()
	select {
	case <-p.exited:
		return
	default:
	}
	p.signal(t, syscall.SIGTERM)
	limit := time.AfterFunc(patience, func() {
		t.Errorf("%s: still runs %s after SIGTERM", p.name, patience)
		_ = p.cmd.Process.Kill()
	})
	<-p.exited
	if limit.Stop() {
		p.wantExit(t, 0)
	}
}

func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("%s: signal %v: %v", p.name, s, err)
	}
}

// wantExit waits for the end of the process and compares its exit code.
func (p *process) wantExit(t *testing.T, want int) {
	t.Helper()
	within(t, "the end of "+p.name, p.exited)
	if got := p.cmd.ProcessState.ExitCode(); got != want {
		t.Errorf("%s: got exit code %d (%v), want %d", p.name, got, p.cmd.ProcessState, want)
	}
}

// listening is the line of Prometheus' web toolkit that says where a server listens;
// both Prometheus and the exporter have it.
var listening = regexp.MustCompile(`msg="Listening on".* address=(\S+)`)

// address is where the process listens, read from its log: so it can be given port
// 0, and no other program can take the port between the choice and the use.
func (p *process) address(t *testing.T) string {
	t.Helper()
	var address string
	eventually(t, "the address of "+p.name, func() error {
		select {
		case <-p.exited:
			t.Fatalf("%s: ended: %v", p.name, p.cmd.ProcessState)
		default:
		}
		match := listening.FindStringSubmatch(p.stderr.String())
		if match == nil {
			return errors.New("no line says where it listens")
		}
		address = match[1]
		return nil
	})
	return address
}

// lines are the lines of the log that match.
func (p *process) lines(pattern string) []string {
	return regexp.MustCompile(`(?m)^.*(?:`+pattern+`).*$`).FindAllString(p.stderr.String(), -1)
}

// buffer is a bytes.Buffer for a writer and a reader at once.
type buffer struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, err := b.bytes.Write(p)
	if err != nil {
		return n, fmt.Errorf("keep output: %w", err)
	}
	return n, nil
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes.String()
}
