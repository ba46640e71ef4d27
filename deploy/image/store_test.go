//go:build image

package image

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// store is a store of images of its own, apart from the machine's.
type store struct {
	folder string
}

// buildah runs a command of buildah on the store, and returns what it prints.
// Isolation chroot and driver vfs need neither a runtime, nor user namespaces, nor
// support of the file system.
func (s store) buildah(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "buildah", append([]string{
		"--root=" + filepath.Join(s.folder, "storage"), "--runroot=" + filepath.Join(s.folder, "run"), "--storage-driver=vfs",
	}, args...)...)
	cmd.Env = append(os.Environ(), "BUILDAH_ISOLATION=chroot")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("buildah %s: %w\n%s%s", strings.Join(args, " "), err, &stdout, &stderr)
	}
	return strings.TrimSpace(stdout.String()), nil
}

// settings are what an image says about how to run it.
type settings struct {
	User         string              `json:"User"`
	ExposedPorts map[string]struct{} `json:"ExposedPorts"`
	Entrypoint   []string            `json:"Entrypoint"`
	Cmd          []string            `json:"Cmd"`
	Labels       map[string]string   `json:"Labels"`
}

// inspect returns the settings of an image.
func (s store) inspect(t *testing.T, image string) settings {
	t.Helper()
	text, err := s.buildah(t.Context(), "inspect", "--type=image", image)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		OCIv1 struct {
			Config settings `json:"config"`
		} `json:"OCIv1"`
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.OCIv1.Config
}

// mount makes a container of an image and returns where its files are, until the test
// ends.
func (s store) mount(t *testing.T, image string) string {
	t.Helper()
	container, err := s.buildah(t.Context(), "from", "--pull=never", image)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, failed := s.buildah(context.Background(), "rm", container); failed != nil {
			t.Error(failed)
		}
	})
	root, err := s.buildah(t.Context(), "mount", container)
	if err != nil {
		t.Fatal(err)
	}
	return root
}
