//go:build image

package image

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// timeout is how long a program may take to start and to end.
const timeout = 2 * time.Minute

// start runs an image's entry point with arguments and an environment: as the image's user,
// with the image as the root, and with files of the host copied into it. At the end of the
// test it gets SIGTERM, and must exit with 0. log returns the first group of an expression
// as soon as the output matches it.
func start(t *testing.T, image string, arguments, environment []string, files map[string]string) (log func(expression string) string) {
	t.Helper()
	root, s := images.mount(t, image), images.inspect(t, image)
	for file, source := range files {
		if err := copyFile(source, root, file); err != nil {
			t.Fatal(err)
		}
	}
	var user, group uint32
	if _, err := fmt.Sscanf(s.User, "%d:%d", &user, &group); err != nil {
		t.Fatalf("user %q: %v", s.User, err)
	}
	command := slices.Concat(s.Entrypoint, arguments)
	// The clean-up ends the program, not the test's context, which would kill it.
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), command[0], command[1:]...)
	var output buffer
	cmd.Stdout, cmd.Stderr, cmd.Env, cmd.Dir = &output, &output, environment, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: user, Gid: group}, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait() // ProcessState has the result.
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-exited:
		case <-time.After(timeout):
			t.Errorf("still runs %s after SIGTERM", timeout)
			_ = cmd.Process.Kill()
			<-exited
		}
		if !cmd.ProcessState.Success() {
			t.Error(cmd.ProcessState)
		}
		if t.Failed() {
			t.Logf("output of %s:\n%s", image, output.String())
		}
	})
	return func(expression string) string {
		t.Helper()
		compiled := regexp.MustCompile(expression)
		poll := time.NewTicker(10 * time.Millisecond)
		defer poll.Stop()
		for end := time.After(timeout); ; {
			if match := compiled.FindStringSubmatch(output.String()); match != nil {
				return match[1]
			}
			select {
			case <-exited:
				t.Fatalf("ended without %s in the output", expression)
			case <-end:
				t.Fatalf("no %s in the output after %s", expression, timeout)
			case <-poll.C:
			}
		}
	}
}

// buffer is a bytes.Buffer for concurrent use.
type buffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// metrics returns the metrics of an exporter that listens on any port, from its image's
// configuration and the given environment and files.
func metrics(t *testing.T, environment []string, files map[string]string) string {
	t.Helper()
	arguments := slices.Concat(images.inspect(t, exporterImage).Cmd, []string{"--web.listen-address=127.0.0.1:0"})
	log := start(t, exporterImage, arguments, environment, files)
	url := "http://" + log(`msg="Listening on".* address=(\S+)`) + "/metrics"
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v:\n%s", response.Status, err, body)
	}
	return string(body)
}

func TestImageServesWithTheShippedConfiguration(t *testing.T) {
	workspace := httptest.NewServer(rocketchattest.New(rocketchattest.Latest))
	t.Cleanup(workspace.Close)
	page := metrics(t, []string{
		"ROCKETCHAT_URL=" + workspace.URL, "ROCKETCHAT_USER_ID=" + rocketchattest.UserID, "ROCKETCHAT_AUTH_TOKEN=" + rocketchattest.AuthToken,
	}, nil)
	for _, want := range []string{"\nlivechat_up 1\n", fmt.Sprintf("revision=%q", revision), fmt.Sprintf("version=%q", version)} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}

// The exporter's image scrapes the simulated workspace's, with the configuration and the
// account of Docker Compose.
func TestImagesRunAsInDockerCompose(t *testing.T) {
	const compose = repository + "/deploy/compose/"
	overlay, err := os.ReadFile(compose + "compose.demo.yml")
	if err != nil {
		t.Fatal(err)
	}
	user := regexp.MustCompile(`ROCKETCHAT_USER_ID: (\S+)`).FindStringSubmatch(string(overlay))
	if user == nil {
		t.Fatalf("no user id in\n%s", overlay)
	}
	log := start(t, workspaceImage, []string{"--workspace.listen-address=127.0.0.1:0"}, nil, nil)
	page := metrics(t, []string{
		"ROCKETCHAT_URL=" + log(`Rocket\.Chat, simulated +(http://127\S+)`), "ROCKETCHAT_USER_ID=" + user[1],
	}, map[string]string{
		"/etc/livechat_exporter/config.yml":  compose + "exporter/config.yml",
		"/run/secrets/rocketchat_auth_token": compose + "demo_auth_token",
	})
	if found := strings.Count(page, "\nlivechat_department_abandoned_rooms{"); found < 10 {
		t.Errorf("%d samples of abandoned rooms, want at least 10:\n%s", found, page)
	}
}

func TestImageSettings(t *testing.T) {
	got := images.inspect(t, exporterImage)
	want := settings{
		User:         "65532:65532",
		ExposedPorts: map[string]struct{}{"10098/tcp": {}},
		Entrypoint:   []string{"/bin/livechat_exporter"},
		Cmd:          []string{"--config.file=/etc/livechat_exporter/config.yml"},
		Labels:       got.Labels,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	for label, value := range map[string]string{"licenses": "Apache-2.0", "version": version, "revision": revision, "source": source} {
		if found := got.Labels["org.opencontainers.image."+label]; found != value {
			t.Errorf("label %s = %q, want %q", label, found, value)
		}
	}
}

// Nothing but the exporter is in the image, and its user can write to nothing.
func TestImageFiles(t *testing.T) {
	const limit = 25_000_000
	root := images.mount(t, exporterImage)
	var files []string
	var size int64
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if owner, ok := info.Sys().(*syscall.Stat_t); !ok || owner.Uid != 0 || owner.Gid != 0 || info.Mode()&(0o022|fs.ModeSetuid|fs.ModeSetgid) != 0 {
			t.Errorf("%s has mode %s or is not root's", path, info.Mode())
		}
		if !entry.IsDir() {
			files = append(files, strings.TrimPrefix(path, root))
			size += info.Size()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"/LICENSE", "/bin/livechat_exporter", "/etc/livechat_exporter/config.yml", "/etc/ssl/certs/ca-certificates.crt"}
	slices.Sort(files)
	if !slices.Equal(files, want) {
		t.Errorf("files = %q, want %q", files, want)
	}
	if size >= limit {
		t.Errorf("the image has %d bytes, want less than %d", size, limit)
	}
}
