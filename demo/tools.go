package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// tools are the programs of the stack beside the exporter, as files.
type tools struct {
	prometheus, promtool, alertmanager string
}

// findTools finds them in a folder.
func findTools(folder string) (tools, error) {
	var t tools
	for name, tool := range map[string]*string{
		"prometheus": &t.prometheus, "promtool": &t.promtool, "alertmanager": &t.alertmanager,
	} {
		file := filepath.Join(folder, name)
		if runtime.GOOS == "windows" {
			file += ".exe"
		}
		file, err := filepath.Abs(file) // A bare name would be looked for elsewhere.
		if err == nil {
			_, err = os.Stat(file)
		}
		if err != nil {
			return tools{}, fmt.Errorf("find %s (make demo builds it into .bin, for --stack=.bin): %w", name, err)
		}
		*tool = file
	}
	return t, nil
}
