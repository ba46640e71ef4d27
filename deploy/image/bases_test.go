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
)

// The bases that stand in for golang and distroless/static.
const (
	buildBase = "localhost/build-base"
	runBase   = "localhost/run-base"
)

// Where the build finds what is this machine's and not the base's.
const (
	goInImage         = "/usr/local/go"
	modulesInImage    = "/modules"
	buildCacheInImage = "/build-cache"
)

// makeBases makes both bases in a store.
func makeBases(ctx context.Context, s store, folder string) error {
	build, run := filepath.Join(folder, "build-base"), filepath.Join(folder, "run-base")
	for _, program := range []string{"sh", "make"} {
		if err := copyProgram(ctx, program, build); err != nil {
			return err
		}
	}
	if err := os.Mkdir(filepath.Join(build, "tmp"), 0o777); err != nil {
		return err
	}
	if err := copyFile("/etc/ssl/certs/ca-certificates.crt", run); err != nil {
		return err
	}
	users := "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n"
	if err := os.WriteFile(filepath.Join(run, "etc", "passwd"), []byte(users), 0o644); err != nil {
		return err
	}
	if err := s.makeBase(ctx, runBase, run); err != nil {
		return err
	}
	return s.makeBase(ctx, buildBase, build,
		"--env=PATH="+goInImage+"/bin:/usr/bin:/bin", "--env=HOME=/root", "--env=GOCACHE="+buildCacheInImage,
		// What go.sum says is checked; nothing is downloaded.
		"--env=GOPROXY=file://"+modulesInImage, "--env=GOSUMDB=off", "--env=GOTOOLCHAIN=local")
}

// makeBase makes an image of the files in a folder.
func (s store) makeBase(ctx context.Context, name, files string, config ...string) error {
	container, err := s.buildah(ctx, "from", "scratch")
	if err != nil {
		return err
	}
	for _, args := range [][]string{
		{"add", "--quiet", container, files, "/"},
		append(append([]string{"config", "--author="}, config...), container),
		{"commit", "--quiet", "--rm", container, name},
	} {
		if _, err := s.buildah(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// library is a file in the output of ldd.
var library = regexp.MustCompile(`(?m)(/\S+) \(0x`)

// copyProgram copies a program of this machine and the libraries that it needs into a
// folder.
func copyProgram(ctx context.Context, name, folder string) error {
	path, err := exec.LookPath(name)
	if err != nil {
		return err
	}
	linked, err := exec.CommandContext(ctx, "ldd", path).Output()
	if err != nil {
		return fmt.Errorf("ldd %s: %w", path, err)
	}
	files := []string{path}
	for _, match := range library.FindAllStringSubmatch(string(linked), -1) {
		files = append(files, match[1])
	}
	for _, file := range files {
		if err := copyFile(file, folder); err != nil {
			return err
		}
	}
	// The shell by the name that everybody knows it by, also where /bin is /usr/bin.
	if name == "sh" && path != "/bin/sh" {
		return copyFileAs(path, filepath.Join(folder, "bin", "sh"))
	}
	return nil
}

// copyFile copies what a name stands for into a folder, under the same name.
func copyFile(file, folder string) error {
	return copyFileAs(file, filepath.Join(folder, file))
}

func copyFileAs(file, to string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, content, info.Mode().Perm())
}

// environment is what this machine's Go says of itself.
type environment struct {
	GOROOT, GOMODCACHE, GOCACHE, GOOS, GOARCH string
}

// goEnvironment asks this machine's Go, after it has seen to it that the modules are
// there.
func goEnvironment(ctx context.Context) (environment, error) {
	download := exec.CommandContext(ctx, "go", "mod", "download")
	download.Dir = repository
	if output, err := download.CombinedOutput(); err != nil {
		return environment{}, fmt.Errorf("go mod download: %w\n%s", err, output)
	}
	text, err := exec.CommandContext(ctx, "go", "env", "-json", "GOROOT", "GOMODCACHE", "GOCACHE", "GOOS", "GOARCH").Output()
	if err != nil {
		return environment{}, fmt.Errorf("go env: %w", err)
	}
	var e environment
	if err := json.Unmarshal(text, &e); err != nil {
		return environment{}, fmt.Errorf("go env: %w", err)
	}
	return e, nil
}
