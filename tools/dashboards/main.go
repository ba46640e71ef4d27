// Command dashboards writes the Grafana dashboards of dashboards/. Each expression and
// each threshold stands once, in this program.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	out := flag.String("out", filepath.Join("..", "..", "dashboards"), "the folder of the dashboards")
	flag.Parse()
	if err := write(*out); err != nil {
		fmt.Fprintln(os.Stderr, "dashboards:", err)
		os.Exit(1)
	}
}

// all are the dashboards by the names of their files.
func all() map[string]classic {
	return map[string]classic{
		"livechat-abandonment.json": abandonment(),
		"livechat-exporter.json":    exporter(),
	}
}

func write(folder string) error {
	for name, d := range all() {
		text, err := marshal(d)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil { //nolint:gosec // G306: it is for everyone to read.
			return err
		}
	}
	return nil
}

// marshal returns the text of a valid dashboard.
func marshal(d classic) ([]byte, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}
