//go:build systemd

package systemd

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	serviceFile      = "livechat_exporter.service"
	socketFile       = "livechat_exporter.socket"
	installedProgram = "ExecStart=livechat_exporter " // systemd looks for it in the usual folders.
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
	if ports := values(t, socketFile, "ListenStream"); len(ports) != 1 || ports[0] != "10098" {
		t.Errorf("ListenStream = %q, want the exporter's port", ports)
	}
	// An exposure of 1.5, where 10 is a service without restrictions: the exporter needs
	// the network.
	security := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--no-pager", "--offline=yes", "--threshold=15", service)
	if output, err := security.CombinedOutput(); err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, output)
	}
}
