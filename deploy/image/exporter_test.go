//go:build image

package image

import (
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// anyPort makes the exporter listen where no other program of this machine does.
const anyPort = "--web.listen-address=127.0.0.1:0"

// newWorkspace is a workspace that has had one chat abandoned, and its address.
func newWorkspace(t *testing.T) string {
	t.Helper()
	workspace := rocketchattest.New(rocketchattest.Latest)
	silence := time.Hour
	now := time.Now()
	workspace.AddRooms(rocketchattest.Room{
		OpenedAt: now.Add(-3 * time.Hour), ClosedAt: now.Add(-time.Hour), VisitorInactivity: &silence, Answered: true,
	})
	server := httptest.NewServer(workspace)
	t.Cleanup(server.Close)
	return server.URL
}

func TestDefaultCommandServesWithTheShippedConfiguration(t *testing.T) {
	c := start(t, exporterImage, run{
		more: []string{anyPort},
		environment: []string{
			"ROCKETCHAT_URL=" + newWorkspace(t),
			"ROCKETCHAT_USER_ID=" + rocketchattest.UserID,
			"ROCKETCHAT_AUTH_TOKEN=" + rocketchattest.AuthToken,
		},
	})
	page := c.get(t, "/metrics")
	for _, want := range []string{
		"\nlivechat_up 1\n",
		"livechat_department_abandoned_rooms{department_id=\"none\",window=\"24h\"} 1\n",
		fmt.Sprintf("revision=%q", revision),
		fmt.Sprintf("version=%q", version),
		"\nprocess_resident_memory_bytes ",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}

	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Name:\tlivechat_export", "Uid:\t65532\t65532\t65532\t65532", "Gid:\t65532\t65532\t65532\t65532", "CapEff:\t0000000000000000",
	} {
		if !strings.Contains(string(status), want+"\n") {
			t.Errorf("the process lacks %q:\n%s", want, status)
		}
	}
	const readOnly = 1 // ST_RDONLY
	var root syscall.Statfs_t
	if err := syscall.Statfs(fmt.Sprintf("/proc/%d/root", c.cmd.Process.Pid), &root); err != nil {
		t.Fatal(err)
	}
	if root.Flags&readOnly == 0 {
		t.Error("the exporter was not tried on a root that is read-only")
	}
	c.stop(t)
}

func TestWithoutSettingsTheContainerSaysWhatIsMissing(t *testing.T) {
	c := start(t, exporterImage, run{})
	if got := c.wait(t); got != 2 {
		t.Errorf("exit code = %d, want 2", got)
	}
	for _, want := range []string{"/etc/livechat_exporter/config.yml", "ROCKETCHAT_URL", "ROCKETCHAT_USER_ID", "ROCKETCHAT_AUTH_TOKEN"} {
		if !strings.Contains(c.output.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, c.output.String())
		}
	}
}

func TestImageReportsItsVersion(t *testing.T) {
	c := start(t, exporterImage, run{command: []string{"--version"}})
	if got := c.wait(t); got != 0 {
		t.Errorf("exit code = %d, want 0", got)
	}
	want := regexp.MustCompile(`^livechat_exporter, version ` + regexp.QuoteMeta(version) + ` \(branch: unknown, revision: ` + revision + `\)\n`)
	if !want.MatchString(c.output.String()) {
		t.Errorf("--version printed %q", c.output.String())
	}
}

func TestImageSaysHowItIsRun(t *testing.T) {
	got := images.inspect(t, exporterImage)
	for _, label := range []string{"title", "description"} {
		if got.Labels["org.opencontainers.image."+label] == "" {
			t.Errorf("no %s in the labels %v", label, got.Labels)
		}
	}
	want := settings{
		User:         "65532:65532",
		ExposedPorts: map[string]struct{}{"10098/tcp": {}},
		Entrypoint:   []string{"/bin/livechat_exporter"},
		Cmd:          []string{"--config.file=/etc/livechat_exporter/config.yml"},
	}
	for label, value := range map[string]string{"licenses": "Apache-2.0", "version": version, "revision": revision} {
		if found := got.Labels["org.opencontainers.image."+label]; found != value {
			t.Errorf("label %s = %q, want %q", label, found, value)
		}
	}
	got.Labels = nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestImageHasNothingButTheExporter(t *testing.T) {
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
		owner, ok := info.Sys().(*syscall.Stat_t)
		if !ok || owner.Uid != 0 || owner.Gid != 0 {
			t.Errorf("%s is not root's", path)
		}
		if mode := info.Mode(); mode.Type() != fs.ModeSymlink && mode.Perm()&0o022 != 0 || mode&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
			t.Errorf("%s has mode %s", path, mode)
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
	want := []string{
		"/LICENSE", "/bin/livechat_exporter", "/etc/livechat_exporter/config.yml", // ours
		"/etc/passwd", "/etc/ssl/certs/ca-certificates.crt", // the base's
	}
	slices.Sort(files)
	if !slices.Equal(files, want) {
		t.Errorf("files = %q, want %q", files, want)
	}
	if size >= limit {
		t.Errorf("the image has %d bytes, want less than %d", size, limit)
	}
	t.Logf("the image has %d bytes", size)
}

// The exporter's image on the simulated workspace's, with the configuration and the
// account that Docker Compose gives it.
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
	workspace := start(t, workspaceImage, run{command: []string{"--workspace.listen-address=127.0.0.1:0"}})
	c := start(t, exporterImage, run{
		more: []string{anyPort},
		environment: []string{
			"ROCKETCHAT_URL=" + workspace.told(t, `Rocket\.Chat, simulated +(http://\S+)`),
			"ROCKETCHAT_USER_ID=" + user[1],
		},
		files: map[string]string{
			"/etc/livechat_exporter/config.yml":  compose + "config.yml",
			"/run/secrets/rocketchat_auth_token": compose + "demo_auth_token",
		},
	})
	page := c.get(t, "/metrics")
	if found := strings.Count(page, "\nlivechat_department_abandoned_rooms{"); found < 10 {
		t.Errorf("%d samples of abandoned rooms, want 10 at least:\n%s", found, page)
	}
	c.stop(t)
	workspace.stop(t)
}
