package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// version is what the exporter under test was told at build time that it is.
const version = "1.2.3-e2e"

// programs are the files to run, the same for all tests.
var programs struct {
	exporter, prometheus, promtool, alertmanager, amtool string
}

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	folder, err := os.MkdirTemp("", "livechat_exporter-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := os.RemoveAll(folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	if err := prepare(context.Background(), folder); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// prepare builds the exporter as a release is built, and sees to it that Prometheus
// and Alertmanager are there. How they are built stands in the Makefile alone; they
// are made here only for those who run "go test" by hand.
func prepare(ctx context.Context, folder string) error {
	programs.exporter = filepath.Join(folder, "livechat_exporter"+suffix())
	err := command(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-X github.com/prometheus/common/version.Version="+version,
		"-o", programs.exporter, "livechat_exporter")
	if err != nil {
		return err
	}
	for name, program := range map[string]*string{
		"prometheus": &programs.prometheus, "promtool": &programs.promtool,
		"alertmanager": &programs.alertmanager, "amtool": &programs.amtool,
	} {
		*program = filepath.Join("..", ".bin", name)
		if _, err := os.Stat(*program); err == nil {
			continue
		}
		if err := command(ctx, "make", "-C", "..", ".bin/"+name); err != nil {
			return err
		}
	}
	return nil
}

func command(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return nil
}

func suffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}
