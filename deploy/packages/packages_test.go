//go:build packages

package packages

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

const (
	// repository is the root of the sources.
	repository = "../.."
	// timeout is how long the exporter may take to start and to end.
	timeout = 2 * time.Minute
	// dynamicUser stands for the user that systemd makes for the service.
	dynamicUser = 61184

	packageName = "livechat-exporter"
	service     = "/usr/lib/systemd/system/livechat_exporter.service"
	config      = "/etc/livechat_exporter/config.yml"
)

// The versions under test, the older one first, and the folders of their packages.
var (
	versions = []string{"1.2.3", "1.10.0"}
	folders  = make(map[string]string)
)

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	folder, err := os.MkdirTemp("", "livechat_exporter-packages-")
	if err == nil {
		defer func() { _ = os.RemoveAll(folder) }()
		for _, version := range versions {
			err = errors.Join(err, build(context.Background(), filepath.Join(folder, version), version))
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// build makes the packages of a version for this machine, with the configuration of a release.
func build(ctx context.Context, folder, version string) error {
	text, err := os.ReadFile(filepath.Join(repository, ".goreleaser.yml"))
	if err != nil {
		return err
	}
	text = regexp.MustCompile(`goos: \[.*`).ReplaceAll(text, []byte("goos: [linux]"))
	text = regexp.MustCompile(`goarch: \[.*`).ReplaceAll(text, []byte("goarch: ["+runtime.GOARCH+"]"))
	release := folder + ".yml"
	if err := os.WriteFile(release, fmt.Appendf(text, "dist: %s\n", folder), 0o600); err != nil {
		return err
	}
	folders[version] = folder
	cmd := exec.CommandContext(ctx, ".bin/goreleaser", "release", "--snapshot", "--skip=archive,sbom,sign", "--config="+release)
	cmd.Dir, cmd.Env = repository, append(os.Environ(), "VERSION="+version)
	return execute(cmd)
}

// execute runs a command. Its error has the output.
func execute(cmd *exec.Cmd) error {
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, output)
	}
	return nil
}

// artifact returns the package of a version and a format.
func artifact(t *testing.T, version, format string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folders[version], "*."+format))
	if err != nil || len(found) != 1 {
		t.Fatalf("packages of format %s: %q, %v", format, found, err)
	}
	return found[0]
}

// machine is a root with a package manager's data, the programs that the packages' scripts
// use, and a systemctl that writes its arguments into /systemctl.
type machine struct {
	root    string
	manager []string
}

func newMachine(t *testing.T, manager ...string) machine {
	t.Helper()
	m := machine{root: t.TempDir()}
	for _, argument := range manager {
		m.manager = append(m.manager, strings.ReplaceAll(argument, "ROOT", m.root))
	}
	library := regexp.MustCompile(`(/\S+) \(0x`)
	for _, program := range []string{"sh", "rm", "rmdir"} {
		file, err := exec.LookPath(program)
		if err != nil {
			t.Fatal(err)
		}
		linked, err := exec.CommandContext(t.Context(), "ldd", file).Output()
		if err != nil {
			t.Fatal(err)
		}
		m.copy(t, file, "/bin/"+program)
		for _, match := range library.FindAllStringSubmatch(string(linked), -1) {
			m.copy(t, match[1], match[1])
		}
	}
	m.write(t, "/bin/systemctl", "#!/bin/sh\necho \"$@\" >>/systemctl\n", 0o755)
	for _, folder := range []string{"/run/systemd/system", "/var/lib/dpkg/updates", "/var/lib/dpkg/info"} {
		if err := os.MkdirAll(m.root+folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	m.write(t, "/var/lib/dpkg/status", "", 0o644)
	// The service's user must get to its files.
	for folder := m.root; folder != os.TempDir(); folder = filepath.Dir(folder) {
		if err := os.Chmod(folder, 0o755); err != nil { //nolint:gosec // G302: as in a real root.
			t.Fatal(err)
		}
	}
	return m
}

func (m machine) copy(t *testing.T, file, to string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m.write(t, to, string(content), 0o755)
}

func (m machine) write(t *testing.T, file, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(m.root+file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(m.root+file, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

func (m machine) read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(m.root + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func (m machine) exists(file string) bool {
	_, err := os.Lstat(m.root + file)
	return err == nil
}

// manage runs the package manager and returns what the package's scripts wanted of systemctl.
func (m machine) manage(t *testing.T, arguments ...string) (systemctl []string) {
	t.Helper()
	if err := os.RemoveAll(m.root + "/systemctl"); err != nil {
		t.Fatal(err)
	}
	command := slices.Concat(m.manager, arguments)
	if err := execute(exec.CommandContext(t.Context(), command[0], command[1:]...)); err != nil {
		t.Fatal(err)
	}
	if !m.exists("/systemctl") {
		return nil
	}
	return strings.Split(strings.TrimSuffix(m.read(t, "/systemctl"), "\n"), "\n")
}

// values returns the values of a key in the service's unit.
func (m machine) values(t *testing.T, key string) (all []string) {
	t.Helper()
	for _, match := range regexp.MustCompile(`(?m)^`+key+`=(.*)$`).FindAllStringSubmatch(m.read(t, service), -1) {
		all = append(all, match[1])
	}
	return all
}

// scrape starts the service as systemd does, on a socket and with copies of its credentials
// that its user can read, and returns the page of metrics.
func (m machine) scrape(t *testing.T) (page string) {
	t.Helper()
	credentials := "/run/credentials"
	for _, credential := range m.values(t, "LoadCredential") {
		name, file, _ := strings.Cut(credential, ":")
		m.write(t, credentials+"/"+name, m.read(t, file), 0o400)
		if err := os.Chown(m.root+credentials+"/"+name, dynamicUser, dynamicUser); err != nil {
			t.Fatal(err)
		}
	}
	command := strings.Fields(strings.Join(m.values(t, "ExecStart"), " "))
	command[0] = "/usr/bin/" + command[0] // Where systemd looks for a name without a path.
	address := freeAddress(t)
	user := fmt.Sprintf("--userspec=%d:%d", dynamicUser, dynamicUser)
	arguments := append([]string{"--listen=" + address, "--setenv=CREDENTIALS_DIRECTORY=" + credentials, "chroot", user, m.root}, command...)
	// The signal below ends the exporter, not the test's context, which would kill it.
	activate := exec.CommandContext(context.WithoutCancel(t.Context()), "systemd-socket-activate", arguments...)
	var log strings.Builder
	activate.Stdout, activate.Stderr = &log, &log
	activate.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := activate.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- activate.Wait() }()
	page = get(t, "http://"+address+"/metrics")
	_ = activate.Process.Signal(syscall.SIGTERM) // By now the process is the exporter.
	select {
	case err := <-exited:
		if err != nil {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(timeout):
		_ = activate.Process.Kill()
		t.Fatalf("still runs %s after SIGTERM", timeout)
	}
	if !strings.Contains(log.String(), "systemd activated listeners") || t.Failed() {
		t.Errorf("the log, in which systemd's socket has to be taken:\n%s", log.String())
	}
	return page
}

// get returns a page. It retries until somebody listens.
func get(t *testing.T, url string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			body, err := io.ReadAll(response.Body)
			if err = errors.Join(err, response.Body.Close()); err != nil {
				t.Error(err)
			}
			return string(body)
		}
		select {
		case <-ctx.Done():
			t.Errorf("no page after %s", timeout)
			return ""
		case <-poll.C:
		}
	}
}

// freeAddress returns a local address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return listener.Addr().String()
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestPackageFromInstallationToRemoval(t *testing.T) {
	const (
		userID    = "/etc/livechat_exporter/rocketchat_user_id"
		authToken = "/etc/livechat_exporter/rocketchat_auth_token"
	)
	disabled := []string{"disable --now livechat_exporter.service livechat_exporter.socket", "daemon-reload"}
	for _, test := range []struct {
		format                   string
		manager                  []string
		install, upgrade, remove []string
		purge                    []string // None with rpm, which removes all at once.
	}{
		{
			format: "deb",
			// A question about the configuration would end it: there is nobody to answer. The
			// path is for machines that install no manuals.
			manager: []string{"dpkg", "--root=ROOT", "--log=/dev/null", "--path-include=*"},
			install: []string{"--install"}, upgrade: []string{"--install"},
			remove: []string{"--remove", packageName}, purge: []string{"--purge", packageName},
		},
		{
			format:  "rpm",
			manager: []string{"rpm", "--root=ROOT", "--nodeps"}, // Its data does not know the shell.
			install: []string{"--install"}, upgrade: []string{"--upgrade"}, remove: []string{"--erase", packageName},
		},
	} {
		t.Run(test.format, func(t *testing.T) {
			m := newMachine(t, test.manager...)
			double := rocketchattest.New(rocketchattest.Latest)
			// Both versions scrape it within a minute.
			double.Configure(func(s *rocketchattest.Settings) {
				s.Permissions = append(s.Permissions, rocketchattest.BypassRateLimit)
			})
			workspace := httptest.NewServer(double)
			t.Cleanup(workspace.Close)

			started := []string{"daemon-reload", "try-restart livechat_exporter.service"}
			compare(t, "installation", m.manage(t, append(test.install, artifact(t, versions[0], test.format))...), started)
			changed := strings.ReplaceAll(m.read(t, config), "https://chat.example.com", workspace.URL)
			m.write(t, config, changed, 0o644)
			m.write(t, userID, rocketchattest.UserID+"\n", 0o400)
			m.write(t, authToken, rocketchattest.AuthToken+"\n", 0o400)
			for i, version := range versions {
				if i > 0 {
					compare(t, "upgrade", m.manage(t, append(test.upgrade, artifact(t, version, test.format))...), started)
				}
				page := m.scrape(t)
				for _, want := range []string{"\nlivechat_up 1\n", fmt.Sprintf("version=%q", version)} {
					if !strings.Contains(page, want) {
						t.Errorf("the page lacks %q:\n%s", want, page)
					}
				}
				if m.read(t, config) != changed {
					t.Errorf("version %s replaced the configuration", version)
				}
			}

			compare(t, "removal", m.manage(t, test.remove...), disabled)
			if m.exists("/usr/bin/livechat_exporter") || m.exists(service) {
				t.Error("the program or the unit stays after the removal")
			}
			if test.purge != nil {
				if m.read(t, config) != changed {
					t.Error("the removal took the configuration along")
				}
				m.manage(t, test.purge...)
				if m.exists("/etc/livechat_exporter") {
					t.Error("the purge left the configuration or the token behind")
				}
			}
		})
	}
}

// No tool of Alpine is at hand, so what would be installed is read.
func TestAlpinePackage(t *testing.T) {
	want := map[string]bool{
		"usr/bin/livechat_exporter": true, config[1:]: true, service[1:]: true, "usr/share/licenses/livechat-exporter/LICENSE": true,
		"usr/share/man/man1/livechat_exporter.1.gz": true, ".post-install": true, ".post-upgrade": true, ".pre-deinstall": true, ".post-deinstall": true,
	}
	file, err := os.Open(artifact(t, versions[0], "apk"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	// A control archive and a data archive, each compressed by itself.
	compressed := bufio.NewReader(file)
	for segment := range 2 {
		unzipped, err := gzip.NewReader(compressed)
		if err != nil {
			t.Fatalf("segment %d: %v", segment, err)
		}
		unzipped.Multistream(false)
		for reader := tar.NewReader(unzipped); ; {
			header, err := reader.Next()
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) { // The first archive has no end.
				break
			}
			if err != nil {
				t.Fatalf("segment %d: %v", segment, err)
			}
			delete(want, header.Name)
		}
		if _, err := io.Copy(io.Discard, unzipped); err != nil { //nolint:gosec // G110: our own archive.
			t.Fatal(err)
		}
	}
	for name := range want {
		t.Errorf("the package lacks %s", name)
	}
}

// What the shells and man make of the files of the package.
func TestManualAndCompletions(t *testing.T) {
	m := newMachine(t, "dpkg", "--root=ROOT", "--log=/dev/null", "--path-include=*")
	m.manage(t, "--install", artifact(t, versions[0], "deb"))
	run := func(name string, arguments ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), name, arguments...)
		cmd.Env = append(os.Environ(), "PATH="+m.root+"/usr/bin:"+os.Getenv("PATH"), "MANWIDTH=80")
		output, err := cmd.CombinedOutput()
		return string(output), err
	}
	// Warnings of the formatter are output, too.
	page, err := run("man", "--warnings", "--local-file", m.root+"/usr/share/man/man1/livechat_exporter.1.gz")
	if err != nil || strings.Contains(page, "warning") || !strings.Contains(page, "livechat_exporter "+versions[0]) || !strings.Contains(page, "--log.level") {
		t.Errorf("man: %v\n%s", err, page)
	}
	name, err := run("lexgrog", m.root+"/usr/share/man/man1/livechat_exporter.1.gz")
	if err != nil || !strings.Contains(name, "livechat_exporter - Exports abandoned chats") {
		t.Errorf("lexgrog, which reads the name for whatis: %v\n%s", err, name)
	}
	for _, test := range []struct{ words, want string }{
		{`livechat_exporter ch`, "check"},
		{`livechat_exporter --web.max`, "--web.max-requests"},
		{`livechat_exporter check --off`, "--offline"},
		{`livechat_exporter --log.format j`, "json"},
	} {
		script := "source " + m.root + "/usr/share/bash-completion/completions/livechat_exporter\n" +
			"COMP_WORDS=(" + test.words + "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n" +
			"_livechat_exporter_bash_autocomplete; echo ${COMPREPLY[@]}"
		if got, err := run("bash", "-c", script); err != nil || strings.TrimSpace(got) != test.want {
			t.Errorf("bash completes %q with %q (%v), want %q", test.words, got, err, test.want)
		}
		// The script runs inside of zsh's completion, whose result compadd takes.
		script = "compdef() { }; compadd() { print -l -- $matches }; _files() { }; typeset -A compstate=(nmatches 1)\n" +
			"words=(" + test.words + "); CURRENT=$#words\n" +
			"source " + m.root + "/usr/share/zsh/vendor-completions/_livechat_exporter; _livechat_exporter"
		if got, err := run("zsh", "-fc", script); err != nil || !slices.Contains(strings.Fields(got), test.want) {
			t.Errorf("zsh completes %q with %q (%v), which lacks %q", test.words, got, err, test.want)
		}
	}
}
