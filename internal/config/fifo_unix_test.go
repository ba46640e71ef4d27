//go:build unix

package config

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe that nobody writes to must not hold up a scrape: if it does, this test does not
// end.
func TestSecretDoesNotWaitForAPipe(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Secret{&source{file: pipe, key: "workspaces.main.auth_token_file"}}.Read()
	const want = `the file of workspaces.main.auth_token_file: it is not a regular file: ` +
		`name a file that holds the credential, not a directory, a pipe or a device`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Nor must one hold up the start.
func TestCertificatesDoNotWaitForAPipe(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	pipe := filepath.Join(directory, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	const tlsConfig = "workspaces.main.http_client.tls_config."
	_, err := parse(filepath.Join(directory, "config.yml"),
		[]byte(withTLS("https", "ca_file: pipe\ncert_file: pipe\nkey_file: pipe")), environment(nil))
	if err == nil {
		t.Fatal("there is no error")
	}
	want := strings.Join([]string{
		`:8: ` + tlsConfig + `ca_file: read "` + pipe + `": it is not a regular file: name a file that holds the certificates, not a directory, a pipe or a device`,
		`:9: ` + tlsConfig + `cert_file: read "` + pipe + `": it is not a regular file: name a file that holds the certificate, not a directory, a pipe or a device`,
		`:10: ` + tlsConfig + `key_file: read "` + pipe + `": it is not a regular file: name a file that holds the key, not a directory, a pipe or a device`,
	}, "\n")
	if got := strings.ReplaceAll(err.Error(), filepath.Join(directory, "config.yml"), ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestLoadDoesNotWaitForAPipe(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "config.yml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(pipe, environment(nil))
	want := pipe + ": is not a regular file: name the YAML file itself, not a directory, a pipe or a device"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
