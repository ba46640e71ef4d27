package bench

import (
	"fmt"
	"os"
	"testing"
)

// floorVariable is the environment variable that makes this program the floor. Its value
// is the floor's configuration.
const floorVariable = "LIVECHAT_EXPORTER_BENCH_FLOOR"

func TestMain(m *testing.M) {
	if config, ok := os.LookupEnv(floorVariable); ok {
		if err := serveFloor(config); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(testMain(m))
}

// folder is where the exporter is built.
var folder string

func testMain(m *testing.M) int {
	var err error
	if folder, err = os.MkdirTemp("", "livechat_exporter-bench-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := os.RemoveAll(folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	return m.Run()
}
