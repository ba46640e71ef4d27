//go:build systemd

package systemd

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

const (
	// timeout is how long the exporter may take to start and to end.
	timeout = 2 * time.Minute

	serviceFile      = "livechat_exporter.service"
	socketFile       = "livechat_exporter.socket"
	installedProgram = "ExecStart=livechat_exporter " // systemd looks for it in the usual folders.
	installedConfig  = "/etc/livechat_exporter/config.yml"
)

// install copies a file of this folder to another one, with replacements, and returns its
// new path.
func install(t *testing.T, file, folder string, oldnew ...string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(folder, file)
	if err := os.WriteFile(to, []byte(strings.NewReplacer(oldnew...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

// values returns the values of a key in a unit.
func values(t *testing.T, unit, key string) []string {
	t.Helper()
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, match := range regexp.MustCompile(`(?m)^`+key+`=(.*)$`).FindAllStringSubmatch(string(text), -1) {
		all = append(all, match[1])
	}
	return all
}

func TestUnitsAreValid(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	// The program must exist; another one stands in for the exporter.
	service, socket := install(t, serviceFile, folder, installedProgram, "ExecStart=/bin/true "), install(t, socketFile, folder)
	// Warnings are output of a command that succeeds.
	if output, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", service, socket).CombinedOutput(); err != nil || len(output) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, output)
	}
	// An exposure of 1.5, where 10 is a service without restrictions: the exporter needs
	// the network.
	security := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--no-pager", "--offline=yes", "--threshold=15", service)
	if output, err := security.CombinedOutput(); err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, output)
	}
}

// The service's command serves on a socket from systemd, with the shipped configuration and
// its credentials.
func TestServiceServesOnItsSocket(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	program := filepath.Join(folder, "livechat_exporter")
	if output, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", program, "../..").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, output)
	}
	workspace := httptest.NewServer(rocketchattest.New(rocketchattest.Latest))
	t.Cleanup(workspace.Close)
	config := install(t, "config.yml", folder, "https://chat.example.com", workspace.URL)
	credentials := map[string]string{"rocketchat_user_id": rocketchattest.UserID, "rocketchat_auth_token": rocketchattest.AuthToken}
	for _, credential := range values(t, serviceFile, "LoadCredential") {
		name, _, _ := strings.Cut(credential, ":")
		if err := os.WriteFile(filepath.Join(folder, name), []byte(credentials[name]+"\n"), 0o400); err != nil {
			t.Fatal(err)
		}
	}
	if ports := values(t, socketFile, "ListenStream"); len(ports) != 1 || ports[0] != "10098" {
		t.Errorf("ListenStream = %q, want the exporter's port", ports)
	}

	command := "ExecStart=" + strings.Join(values(t, serviceFile, "ExecStart"), " ")
	command = strings.NewReplacer(installedProgram, program+" ", installedConfig, config).Replace(command)
	address := freeAddress(t)
	args := append([]string{"--listen=" + address, "--setenv=CREDENTIALS_DIRECTORY=" + folder}, strings.Fields(command)...)
	// The signal below ends the exporter, not the test's context, which would kill it.
	activate := exec.CommandContext(context.WithoutCancel(t.Context()), "systemd-socket-activate", args...)
	var log strings.Builder
	activate.Stdout, activate.Stderr = &log, &log
	activate.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := activate.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- activate.Wait() }()

	page := get(t, "http://"+address+"/metrics")
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
	if !strings.Contains(page, "\nlivechat_up 1\n") || !strings.Contains(log.String(), "systemd activated listeners") {
		t.Errorf("the page:\n%s\nand the log:\n%s", page, log.String())
	}
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
