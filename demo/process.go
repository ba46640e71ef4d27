package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

const (
	// patience is how long a program may take to be ready, and to stop.
	patience = 30 * time.Second
	// ownEnd is how long a program has to stop by itself. Ctrl-C in a terminal
	// reaches it as it reaches the demo, and a second signal would cut its end short.
	ownEnd = time.Second
)

// process is a program that runs beside the demo.
type process struct {
	name string // as in a sentence
	cmd  *exec.Cmd
	// ended is closed when the process has ended, and cmd has how.
	ended chan struct{}
}

// startProcess starts a program with arguments and with more environment than this
// process has, of the form "name=value". What it logs goes to stderr.
func startProcess(name, binary string, args, environment []string, stderr io.Writer) (*process, error) {
	cmd := exec.Command(binary, args...)
	cmd.Env = append(os.Environ(), environment...)
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{name: name, cmd: cmd, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		_ = cmd.Wait() // The process's state has the same.
	}()
	return p, nil
}

// stop ends the process and waits for its end: for a time by itself, then, asked to
// end, for another.
func (p *process) stop(byItself, asked time.Duration) {
	if p.endsWithin(byItself) {
		return
	}
	// Where there are no signals to send, as on Windows, it is ended at once.
	if err := p.cmd.Process.Signal(os.Interrupt); err == nil && p.endsWithin(asked) {
		return
	}
	_ = p.cmd.Process.Kill() // It fails only if the process has ended meanwhile.
	<-p.ended
}

func (p *process) endsWithin(d time.Duration) bool {
	select {
	case <-p.ended:
		return true
	case <-time.After(d):
		return false
	}
}

// endedError is how the process ended.
func (p *process) endedError() error {
	return fmt.Errorf("%s has ended (%s): its messages are above", p.name, p.cmd.ProcessState)
}

// waitReady waits until a page answers 200.
func (p *process) waitReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("not ready after %s", patience))
	defer cancel()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		if _, err := get(ctx, url); err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return p.endedError()
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", p.name, context.Cause(ctx))
		case <-poll.C:
		}
	}
}

// processes are the programs that run beside the demo.
type processes []*process

// stop ends all of them, at the same time.
func (all processes) stop() {
	var stopped sync.WaitGroup
	for _, p := range all {
		stopped.Go(func() { p.stop(ownEnd, patience) })
	}
	stopped.Wait()
}

// firstEnd gets the first of them that ends.
func (all processes) firstEnd() <-chan *process {
	first := make(chan *process, len(all))
	for _, p := range all {
		go func() {
			<-p.ended
			first <- p
		}()
	}
	return first
}
