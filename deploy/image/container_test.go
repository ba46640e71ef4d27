//go:build image

package image

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a container may take to be ready, and to end.
const patience = 30 * time.Second

// inContainer mounts the root of a container read-only, with a file system of
// processes and with files of the host, and becomes its program. Its arguments: the
// root, the user, the number of host files, for each its name here and there, and the
// command.
const inContainer = `
root=$1 user=$2 files=$3
shift 3
mount --bind "$root" "$root"
mount --bind /proc "$root/proc"
while test "$files" -gt 0; do
	mount --bind "$1" "$root$2"
	shift 2
	files=$((files - 1))
done
mount --options remount,bind,ro "$root"
exec chroot --userspec="$user" "$root" "$@"
`

// container is a program that runs in the root of an image.
type container struct {
	cmd    *exec.Cmd
	output buffer
	exited chan struct{}
}

// run is how a container is run.
type run struct {
	command     []string          // after the entry point; nil is the image's own
	more        []string          // goes behind the command
	environment []string          // all of it, of the form "name=value"
	files       map[string]string // of the host, by their names in the container
}

// start runs a container of an image until it ends or the test does.
func start(t *testing.T, image string, how run) *container {
	t.Helper()
	s := images.inspect(t, image)
	root := images.mount(t, image)
	args := []string{"--mount", "sh", "-euc", inContainer, "sh", root, s.User, strconv.Itoa(len(how.files))}
	// A runtime makes the places where it mounts.
	if err := os.MkdirAll(filepath.Join(root, "proc"), 0o555); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(how.files)) {
		place := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(place, nil, 0o444); err != nil {
			t.Fatal(err)
		}
		host, err := filepath.Abs(how.files[name])
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, host, name)
	}
	if how.command == nil {
		how.command = s.Cmd
	}
	args = slices.Concat(args, s.Entrypoint, how.command, how.more)
	// Not the test's context: that would kill the program before the clean-up asks it
	// to end.
	c := &container{cmd: exec.CommandContext(context.WithoutCancel(t.Context()), "unshare", args...), exited: make(chan struct{})}
	c.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, how.environment...)
	c.cmd.Stdout, c.cmd.Stderr = &c.output, &c.output
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.exited)
		_ = c.cmd.Wait() // The process's state says the same.
	}()
	t.Cleanup(func() {
		c.stop(t)
		if t.Failed() {
			t.Logf("%s:\n%s", image, c.output.String())
		}
	})
	return c
}

// wait waits for the end of the program and returns its exit code.
func (c *container) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-c.exited:
	case <-time.After(patience):
		t.Fatalf("still runs after %s:\n%s", patience, c.output.String())
	}
	return c.cmd.ProcessState.ExitCode()
}

// stop ends the program as a runtime does, and demands that it ends well.
func (c *container) stop(t *testing.T) {
	t.Helper()
	select {
	case <-c.exited:
		return
	default:
	}
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	select {
	case <-c.exited:
	case <-time.After(patience):
		t.Errorf("still runs %s after SIGTERM", patience)
		_ = c.cmd.Process.Kill()
		<-c.exited
	}
	if got := c.cmd.ProcessState.ExitCode(); got != 0 {
		t.Errorf("ended with %d (%v), want 0", got, c.cmd.ProcessState)
	}
}

// told waits until the program prints what matches, and returns the first group.
func (c *container) told(t *testing.T, pattern string) string {
	t.Helper()
	expression := regexp.MustCompile(pattern)
	limit := time.After(patience)
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for {
		if match := expression.FindStringSubmatch(c.output.String()); match != nil {
			return match[1]
		}
		select {
		case <-c.exited:
			t.Fatalf("ended before it printed %s: %v\n%s", pattern, c.cmd.ProcessState, c.output.String())
		case <-limit:
			t.Fatalf("did not print %s in %s:\n%s", pattern, patience, c.output.String())
		case <-poll.C:
		}
	}
}

// get returns the page at a path of the exporter in the container, which must answer
// 200.
func (c *container) get(t *testing.T, path string) string {
	t.Helper()
	address := c.told(t, `msg="Listening on".* address=(\S+)`)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s answers %s:\n%s", path, response.Status, body)
	}
	return string(body)
}

// buffer is a bytes.Buffer for a writer and a reader at once.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
