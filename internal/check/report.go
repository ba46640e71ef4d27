package check

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Severity is how much a finding matters.
type Severity int

// The severities, the worst first.
const (
	// Failed keeps numbers from being exported.
	Failed Severity = iota
	// Skipped was not checked, because of a failure.
	Skipped
	// Warning lets the exporter work, but not as well as it could.
	Warning
	// Note is what a program cannot decide.
	Note
	// OK needs nothing.
	OK
)

// String returns the word for the severity in a report.
func (s Severity) String() string {
	return [...]string{"FAILED", "skipped", "warning", "note", "ok"}[s]
}

// Finding is one line of the report.
type Finding struct {
	Severity Severity
	// Topic is a route or another thing that is checked.
	Topic string
	// What is what was found; Hint is what to do, empty if nothing is.
	What, Hint string
}

// WorkspaceReport is what was found about one workspace.
type WorkspaceReport struct {
	Name, Address string
	// Findings are ordered by severity.
	Findings []Finding
	// Calls is how many calls the server received.
	Calls int
	// Verified reports whether the server gave a valid answer of any route that a scrape
	// uses.
	Verified bool
}

// Report is what was found about all workspaces.
type Report struct {
	// Offline reports whether no server was called.
	Offline    bool
	Workspaces []WorkspaceReport
}

// Failed reports whether the check failed: because of a finding, or because a workspace
// could not be verified.
func (r Report) Failed() bool {
	for _, ws := range r.Workspaces {
		if ws.count(Failed) > 0 || !ws.Verified && !r.Offline {
			return true
		}
	}
	return len(r.Workspaces) == 0
}

// count returns how many findings of a severity there are.
func (ws WorkspaceReport) count(severity Severity) int {
	n := 0
	for _, f := range ws.Findings {
		if f.Severity == severity {
			n++
		}
	}
	return n
}

// The layout of a report, in columns.
const (
	width  = 120
	indent = len("  FAILED   total-abandoned-chats  ")
)

// Write writes the report as text: the findings of each workspace, the totals with all
// failures once more, and the next step for that configuration file.
func (r Report) Write(w io.Writer, configFile string) error {
	out := bufio.NewWriter(w)
	failed, warnings, calls := 0, 0, 0
	var failures []string
	for _, ws := range r.Workspaces {
		fmt.Fprintf(out, "%s  %s\n", ws.Name, ws.Address)
		for _, f := range ws.Findings {
			f.write(out)
			if f.Severity == Failed {
				failures = append(failures, fmt.Sprintf("%s: %s: %s", ws.Name, f.Topic, f.What))
			}
		}
		fmt.Fprintln(out)
		failed, warnings, calls = failed+ws.count(Failed), warnings+ws.count(Warning), calls+ws.Calls
	}
	fmt.Fprintf(out, "%d failed, %s, %s sent\n", failed, plural(warnings, "warning"), plural(calls, "call"))
	for _, failure := range failures {
		fmt.Fprintf(out, "  %s\n", strings.Join(wrap(failure, width-4), "\n    "))
	}
	fmt.Fprintln(out)
	switch {
	case r.Failed():
		fmt.Fprintln(out, "Fix the failures and run the check again.")
	case r.Offline:
		fmt.Fprintln(out, "The configuration is valid. No server was called.")
		fmt.Fprintf(out, "Now try the servers: livechat_exporter check --config.file=%s\n", configFile)
	default:
		fmt.Fprintf(out, "Now start it: livechat_exporter --config.file=%s\n", configFile)
		fmt.Fprintln(out, "Then open http://localhost:10098/ (the port of --web.listen-address).")
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// write writes the finding, with its hint below.
func (f Finding) write(out io.Writer) {
	lines := wrap(f.What, width-indent)
	if f.Hint != "" {
		for i, line := range wrap(f.Hint, width-indent-3) {
			lines = append(lines, [...]string{"-> ", "   "}[min(i, 1)]+line)
		}
	}
	fmt.Fprintf(out, "  %-7s  %-21s  %s\n", f.Severity, f.Topic, strings.Join(lines, "\n"+strings.Repeat(" ", indent)))
}

// wrap breaks a text between words into lines of that many columns.
func wrap(text string, columns int) []string {
	var lines []string
	for word := range strings.FieldsSeq(text) {
		if last := len(lines) - 1; last >= 0 && len(lines[last])+1+len(word) <= columns {
			lines[last] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return lines
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
