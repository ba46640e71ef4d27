package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// module is the exporter's module, and the package of its main program.
const module = "livechat_exporter"

// built is an exporter that is ready to be run.
type built struct {
	binary string
	// sources is the folder of its sources, and of what is shipped with them.
	sources string
}

// builder builds an exporter into a folder.
type builder func(ctx context.Context, folder string) (built, error)

// build builds the exporter of this module into a folder.
func build(ctx context.Context, folder string) (built, error) {
	// The version control's stamp is no use here, and an obstacle where git is
	// missing or the checkout is somebody else's.
	const noStamp = "-buildvcs=false"
	sources, err := goTool(ctx, "list", noStamp, "-f", "{{.Dir}}", module)
	if err != nil {
		return built{}, fmt.Errorf("find the exporter's sources (run the demo inside its repository: go run ./demo): %w", err)
	}
	binary := filepath.Join(folder, "livechat_exporter")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	if _, err := goTool(ctx, "build", noStamp, "-o", binary, module); err != nil {
		return built{}, fmt.Errorf("build the exporter: %w", err)
	}
	return built{binary: binary, sources: sources}, nil
}

// goTool runs the go command and returns what it prints. Its complaints become
// part of the error.
func goTool(ctx context.Context, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, &stderr)
	}
	return strings.TrimSpace(stdout.String()), nil
}
