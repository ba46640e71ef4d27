//go:build image

package image

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	// repository is the root of the sources, which is the context of both builds.
	repository = "../.."

	exporterImage  = "localhost/livechat_exporter"
	workspaceImage = "localhost/livechat_exporter-demo"
	// In place of golang and distroless/static.
	buildBase = "localhost/build-base"
	runBase   = "localhost/run-base"

	// Build arguments.
	version  = "1.2.3-image"
	revision = "0123456789abcdef0123456789abcdef01234567"
	source   = "https://git.example.com/livechat_exporter"
)

// images has both images under test.
var images store

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	folder, err := os.MkdirTemp("", "livechat_exporter-image-")
	if err == nil {
		defer func() { _ = os.RemoveAll(folder) }()
		images = store{folder}
		err = prepare(context.Background(), folder)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// prepare makes the bases and builds both images on them.
func prepare(ctx context.Context, folder string) error {
	if err := makeRunBase(ctx, filepath.Join(folder, "run-base")); err != nil {
		return err
	}
	if err := makeBuildBase(ctx, filepath.Join(folder, "build-base")); err != nil {
		return err
	}
	if _, err := output(exec.CommandContext(ctx, "go", "-C", repository, "mod", "download")); err != nil {
		return err
	}
	text, err := output(exec.CommandContext(ctx, "go", "env", "GOROOT", "GOMODCACHE", "GOCACHE"))
	if err != nil {
		return err
	}
	env := strings.Split(text, "\n")
	arguments := []string{
		"build", "--pull=never", "--build-arg=BUILD_IMAGE=" + buildBase, "--build-arg=RUN_IMAGE=" + runBase,
		"--volume=" + env[0] + ":/usr/local/go:ro", "--volume=" + env[1] + "/cache/download:/modules:ro", "--volume=" + env[2] + ":/build-cache",
	}
	_, err = images.buildah(ctx, append(arguments, "--tag="+exporterImage,
		"--build-arg=VERSION="+version, "--build-arg=REVISION="+revision, "--build-arg=REPOSITORY="+source, repository)...)
	if err != nil {
		return err
	}
	_, err = images.buildah(ctx, append(arguments, "--tag="+workspaceImage,
		"--file="+repository+"/demo/Dockerfile", "--ignorefile="+repository+"/demo/Dockerfile.dockerignore", repository)...)
	return err
}

func makeRunBase(ctx context.Context, root string) error {
	if err := copyFile("/etc/ssl/certs/ca-certificates.crt", root, "/etc/ssl/certs/ca-certificates.crt"); err != nil {
		return err
	}
	return images.makeBase(ctx, runBase, root)
}

// makeBuildBase makes a base with a shell, make and the libraries that they need.
func makeBuildBase(ctx context.Context, root string) error {
	library := regexp.MustCompile(`(?m)(/\S+) \(0x`)
	for _, program := range []string{"sh", "make"} {
		file, err := exec.LookPath(program)
		if err != nil {
			return err
		}
		linked, err := output(exec.CommandContext(ctx, "ldd", file))
		if err != nil {
			return err
		}
		if err := copyFile(file, root, "/bin/"+program); err != nil {
			return err
		}
		for _, match := range library.FindAllStringSubmatch(linked, -1) {
			if err := copyFile(match[1], root, match[1]); err != nil {
				return err
			}
		}
	}
	if err := os.Mkdir(filepath.Join(root, "tmp"), 0o777); err != nil {
		return err
	}
	return images.makeBase(ctx, buildBase, root, "--env=PATH=/usr/local/go/bin:/bin", "--env=HOME=/root", "--env=GOCACHE=/build-cache",
		"--env=GOPROXY=file:///modules", "--env=GOSUMDB=off", "--env=GOTOOLCHAIN=local")
}

// copyFile copies a file, or what a symbolic link leads to, to a path below a root.
func copyFile(file, root, to string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	to = filepath.Join(root, to)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, content, info.Mode().Perm())
}

// output runs a command and returns its standard output. Its error has both outputs.
func output(cmd *exec.Cmd) (string, error) {
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", cmd, err, &stdout, &stderr)
	}
	return strings.TrimSpace(stdout.String()), nil
}

// store is a folder of images, apart from the machine's own images.
type store struct{ folder string }

// buildah runs a command of buildah on the store. Isolation chroot and driver vfs need
// neither a container runtime nor user namespaces nor an overlay file system.
func (s store) buildah(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "buildah", append([]string{
		"--root=" + filepath.Join(s.folder, "storage"), "--runroot=" + filepath.Join(s.folder, "run"), "--storage-driver=vfs",
	}, args...)...)
	cmd.Env = append(os.Environ(), "BUILDAH_ISOLATION=chroot")
	return output(cmd)
}

// makeBase makes an image of the files in a folder.
func (s store) makeBase(ctx context.Context, name, folder string, config ...string) error {
	container, err := s.buildah(ctx, "from", "scratch")
	if err != nil {
		return err
	}
	for _, args := range [][]string{
		{"add", "--quiet", container, folder, "/"},
		append(append([]string{"config", "--author="}, config...), container),
		{"commit", "--quiet", "--rm", container, name},
	} {
		if _, err := s.buildah(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// settings are an image's instructions for its runtime.
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
	var inspected struct {
		OCIv1 struct {
			Config settings `json:"config"`
		} `json:"OCIv1"`
	}
	if err := json.Unmarshal([]byte(text), &inspected); err != nil {
		t.Fatal(err)
	}
	return inspected.OCIv1.Config
}

// mount returns the root of a container of an image, until the test ends.
func (s store) mount(t *testing.T, image string) string {
	t.Helper()
	container, err := s.buildah(t.Context(), "from", "--pull=never", image)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, failed := s.buildah(context.WithoutCancel(t.Context()), "rm", container); failed != nil {
			t.Error(failed)
		}
	})
	root, err := s.buildah(t.Context(), "mount", container)
	if err != nil {
		t.Fatal(err)
	}
	return root
}
