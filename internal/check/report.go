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
	Failed  Severity = iota // Numbers are missing or wrong.
	Skipped                 // Not checked, because of a failure.
	Warning                 // The exporter works, but not as well as it could.
	Note                    // A program cannot decide it.
	OK                      // Nothing to do.
)

// String returns the word for the severity in a report.
func (s Severity) String() string {
	return [...]string{"FAILED", "skipped", "warning", "note", "ok"}[s]
}

// Finding is one line of the report.
type Finding struct {
	Severity Severity
	Topic    string // A route or another thing that is checked.
	What     string // What was found.
	Hint     string // What to do, empty if nothing is.
}

// WorkspaceReport is what was found about one workspace.
type WorkspaceReport struct {
	Name, Address string
	Findings      []Finding // Ordered by severity.
	Calls         int       // How many calls the server received.
	Verified      bool      // Whether any route of a scrape gave a valid answer.
}

// Report is what was found about all workspaces.
type Report struct {
	Offline    bool // Whether no server was called.
	Workspaces []WorkspaceReport
}

// Failed reports whether there is a failure, or a workspace could not be verified.
func (r Report) Failed() bool {
	for _, ws := range r.Workspaces {
		if ws.count(Failed) > 0 || !ws.Verified && !r.Offline {
			return true
		}
	}
	return len(r.Workspaces) == 0
}

func (ws WorkspaceReport) count(severity Severity) int {
	n := 0
	for _, f := range ws.Findings {
		if f.Severity == severity {
			n++
		}
	}
	return n
}

// Write writes the report as text: the findings of each workspace, the totals with all
// failures once more, and the next step for that configuration file.
func (r Report) Write(w io.Writer, configFile string) error {
	out := bufio.NewWriter(w)
	failed, warnings, calls := 0, 0, 0
	var failures []string
	for _, ws := range r.Workspaces {
		fmt.Fprintf(out, "%s  %s\n", ws.Name, ws.Address)
		for _, f := range ws.Findings {
			fmt.Fprintf(out, "  %-7s  %-21s  %s\n", f.Severity, f.Topic, wrap(f.What, indent))
			if f.Hint != "" {
				fmt.Fprintf(out, "%*s-> %s\n", indent, "", wrap(f.Hint, indent+3))
			}
			if f.Severity == Failed {
				failures = append(failures, fmt.Sprintf("%s: %s: %s", ws.Name, f.Topic, f.What))
			}
		}
		fmt.Fprintln(out)
		failed, warnings, calls = failed+ws.count(Failed), warnings+ws.count(Warning), calls+ws.Calls
	}
	fmt.Fprintf(out, "%d failed, %s, %s sent\n", failed, plural(warnings, "warning"), plural(calls, "call"))
	for _, failure := range failures {
		fmt.Fprintf(out, "  %s\n", wrap(failure, 4))
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

// The layout of a report, in columns. What was found begins at indent.
const (
	width  = 120
	indent = 34
)

// wrap breaks a text between words, so that lines that begin at a column end at width.
func wrap(text string, column int) string {
	var b strings.Builder
	at := column
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case at+1+len(word) > width:
			b.WriteString("\n" + strings.Repeat(" ", column))
			at = column
		default:
			b.WriteString(" ")
			at++
		}
		b.WriteString(word)
		at += len(word)
	}
	return b.String()
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
