// Command history writes weeks of what Prometheus would have stored of two simulated
// workspaces, as OpenMetrics text that "promtool tsdb create-blocks-from openmetrics"
// takes, so that dashboards can be tested and looked at with a past behind them.
//
// The workspaces are watched by one exporter. "main" is the company of the demo, in
// which one department has just begun to lose visitors. "partners" has some of the
// same department ids under other names, and had trouble with its answers in the last
// hours. The past begins four weeks back and holds the turn of a month. That is the
// weather "spike"; others have other troubles.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// End is when the history ends by default: on a Wednesday afternoon,
// so that the counters have been reset on a day that the dashboards look back to.
const end = "2026-03-18T14:30:00Z"

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit code: 0, 1 if the history could not be written, 2 if the flags
// are wrong.
func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("history", flag.ContinueOnError)
	flags.SetOutput(stderr)
	at := flags.String("end", end, "when the history ends, as in RFC 3339")
	name := flags.String("weather", "spike", "what is the matter: "+strings.Join(slices.Sorted(maps.Keys(weathers)), ", "))
	if err := flags.Parse(args); err != nil {
		return 2
	}
	now, err := time.Parse(time.RFC3339, *at)
	if err != nil {
		fmt.Fprintln(stderr, "history:", err)
		return 2
	}
	w, ok := weathers[*name]
	if !ok {
		fmt.Fprintf(stderr, "history: there is no weather %q\n", *name)
		return 2
	}
	if err := write(stdout, now, w); err != nil {
		fmt.Fprintln(stderr, "history:", err)
		return 1
	}
	return 0
}

// write writes the history up to now.
func write(out io.Writer, now time.Time, w weather) error {
	buffered := bufio.NewWriterSize(out, 1<<20)
	text := openMetrics{out: buffered}
	targets, err := targets(now, w)
	if err != nil {
		return err
	}
	for _, s := range schedule(now, w) {
		for _, t := range targets {
			families, err := t.gather(s)
			if err != nil {
				return err
			}
			if err := text.write(families, s); err != nil {
				return err
			}
		}
	}
	if err := text.end(); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write the history: %w", err)
	}
	return nil
}
