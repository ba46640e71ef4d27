//go:build systemd

package systemd

import (
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
	"strings"
	"syscall"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// patience is how long the exporter may take to be ready, and to end.
const patience = 30 * time.Second

// The files of this folder.
const (
	serviceFile = "livechat_exporter.service"
	socketFile  = "livechat_exporter.socket"
	configFile  = "config.yml"
)

// Where the units have their files.
const (
	installedProgram = "/usr/local/bin/livechat_exporter"
	installedConfig  = "/etc/livechat_exporter/config.yml"
)

// read returns a file of this folder.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// exporter builds the exporter.
func exporter(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "livechat_exporter")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-o", program, "livechat_exporter")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, output)
	}
	return program
}

// analyze runs systemd-analyze on units, which say that the exporter is somewhere else
// than where they are shipped to say.
func analyze(t *testing.T, program string, args ...string) (string, error) {
	t.Helper()
	folder := t.TempDir()
	for _, unit := range []string{serviceFile, socketFile} {
		text := strings.ReplaceAll(read(t, unit), installedProgram, program)
		if err := os.WriteFile(filepath.Join(folder, unit), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "systemd-analyze", args...)
	cmd.Dir = folder
	output, err := cmd.CombinedOutput()
	return string(output), err
}

func TestUnitsAreVerified(t *testing.T) {
	t.Parallel()
	program := exporter(t)
	// It warns about what it passes over, and succeeds.
	if output, err := analyze(t, program, "verify", "./"+serviceFile, "./"+socketFile); err != nil || output != "" {
		t.Errorf("systemd-analyze verify: %v\n%s", err, output)
	}
	if output, err := analyze(t, program+"-absent", "verify", "./"+serviceFile); err == nil {
		t.Errorf("a program that is not there is taken:\n%s", output)
	}
}

func TestServiceHasFewRights(t *testing.T) {
	t.Parallel()
	// In tenths: of 10.0, which is a service with nothing said. What remains is that it
	// talks to the network.
	const most = "15"
	if output, err := analyze(t, installedProgram, "security", "--no-pager", "--offline=yes", "--threshold="+most, "./"+serviceFile); err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, output)
	}
}

// settings are the values of a key of a unit.
func settings(t *testing.T, unit, key string) []string {
	t.Helper()
	var values []string
	for _, match := range regexp.MustCompile(`(?m)^`+key+`=(.*)$`).FindAllStringSubmatch(read(t, unit), -1) {
		values = append(values, match[1])
	}
	return values
}

// credentials makes the folder of credentials that the service would get, and returns
// it.
func credentials(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	values := map[string]string{"user_id": rocketchattest.UserID, "auth_token": rocketchattest.AuthToken}
	for _, load := range settings(t, serviceFile, "LoadCredential") {
		id, file, _ := strings.Cut(load, ":")
		if want := filepath.Join(filepath.Dir(installedConfig), id); file != want {
			t.Errorf("credential %s comes from %s, want %s", id, file, want)
		}
		value, ok := values[strings.TrimPrefix(id, "rocketchat_")]
		if !ok {
			t.Fatalf("no value for credential %s", id)
		}
		if err := os.WriteFile(filepath.Join(folder, id), []byte(value+"\n"), 0o400); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// The command of the service, on a socket that systemd hands over, with the shipped
// configuration and its credentials.
func TestServiceServesOnItsSocket(t *testing.T) {
	t.Parallel()
	workspace := httptest.NewServer(rocketchattest.New(rocketchattest.Latest))
	t.Cleanup(workspace.Close)
	config := strings.Replace(read(t, configFile), "https://chat.example.com", workspace.URL, 1)
	configured := filepath.Join(t.TempDir(), configFile)
	if err := os.WriteFile(configured, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	command := settings(t, serviceFile, "ExecStart")
	if len(command) != 1 {
		t.Fatalf("ExecStart = %q", command)
	}
	installed := strings.NewReplacer(installedProgram, exporter(t), installedConfig, configured)
	address := freeAddress(t)
	if port := settings(t, socketFile, "ListenStream"); len(port) != 1 || port[0] != "10098" {
		t.Errorf("ListenStream = %q, want the exporter's port", port)
	}

	args := append([]string{"--listen=" + address, "--setenv=CREDENTIALS_DIRECTORY=" + credentials(t)},
		strings.Fields(installed.Replace(command[0]))...)
	// Not the test's context: that would kill the exporter before the clean-up asks it
	// to end.
	activate := exec.CommandContext(context.WithoutCancel(t.Context()), "systemd-socket-activate", args...)
	var log strings.Builder
	activate.Stdout, activate.Stderr = &log, &log
	activate.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := activate.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = activate.Wait() // The process's state says the same.
	}()

	page, err := page(t.Context(), "http://"+address+"/metrics", exited)
	_ = activate.Process.Signal(syscall.SIGTERM) // It has become the exporter.
	select {
	case <-exited:
	case <-time.After(patience):
		t.Errorf("still runs %s after SIGTERM", patience)
		_ = activate.Process.Kill()
		<-exited
	}
	if err != nil || !strings.Contains(page, "\nlivechat_up 1\n") {
		t.Errorf("the page, with error %v:\n%s\nand the log:\n%s", err, page, log.String())
	}
	if !strings.Contains(log.String(), "systemd activated listeners") {
		t.Errorf("the exporter did not take the socket:\n%s", log.String())
	}
	if got := activate.ProcessState.ExitCode(); got != 0 {
		t.Errorf("exit code = %d, want 0:\n%s", got, log.String())
	}
}

// page is the first page that is answered with 200.
func page(ctx context.Context, url string, exited <-chan struct{}) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no page after %s", patience))
	defer cancel()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		if body, err := get(ctx, url); err == nil {
			return body, nil
		}
		select {
		case <-exited:
			return "", errors.New("ended before it served")
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-poll.C:
		}
	}
}

func get(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	return string(body), err
}

// freeAddress is one that nobody listens on.
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
