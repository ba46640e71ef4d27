package e2e

import (
	"os/exec"
	"testing"
)

// runTool runs a program to its end. The output is what it printed on both streams;
// an error says that it could not be run or did not exit with 0. Many run at once and
// none for long: each keeps to one core and collects little garbage. Nothing else of
// the machine's environment reaches it.
func runTool(t *testing.T, program string, args ...string) (output string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = []string{"GOMAXPROCS=1", "GOGC=800"}
	printed, err := cmd.CombinedOutput()
	return string(printed), err
}
