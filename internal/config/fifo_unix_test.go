//go:build unix

package config

import (
	"path/filepath"
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
	_, err := Secret{&source{file: pipe, shownFile: "pipe"}}.Read()
	const want = `read the credential in "pipe": it is not a regular file: ` +
		`name a file that holds the credential, not a directory, a pipe or a device`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
