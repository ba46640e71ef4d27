package check

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Style is how a report is written for people.
type Style struct {
	// Colour marks the statuses with the colours of a terminal. Without it there are no
	// control characters.
	Colour bool
	// Width is where lines are broken; 0 keeps each result on one line.
	Width int
}

// colours are the terminal's (ECMA-48, select graphic rendition).
var colours = map[Status]string{OK: "\x1b[32m", Warning: "\x1b[33m", Failed: "\x1b[31m", Skipped: "\x1b[2m"}

const plain = "\x1b[0m"

// The columns of a result: its status and its name, each with two spaces after it.
const (
	statusColumn = len("skipped")
	nameColumn   = len("total-abandoned-chats")
	indent       = 2 + statusColumn + 2 + nameColumn + 2
)

// WriteText writes the report for people: a line for each result, under the name of its
// workspace, and the sum.
func (r *Report) WriteText(w io.Writer, style Style) error {
	out := bufio.NewWriter(w)
	for _, result := range r.Configuration {
		style.result(out, result)
	}
	for _, ws := range r.Workspaces {
		fmt.Fprintf(out, "\n%s  %s  %s sent\n", ws.Name, ws.URL, many(ws.Calls, "call"))
		for _, result := range ws.Results {
			style.result(out, result)
		}
	}
	fmt.Fprintf(out, "\n%s\n", r.sum())
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// sum says how many results there are of each status.
func (r *Report) sum() string {
	counts := make(map[Status]int)
	for _, s := range statuses(r.Configuration) {
		counts[s]++
	}
	for _, ws := range r.Workspaces {
		for _, s := range statuses(ws.Results) {
			counts[s]++
		}
	}
	return fmt.Sprintf("%d failed, %s, %d ok, %d skipped; %s sent",
		counts[Failed], many(counts[Warning], "warning"), counts[OK], counts[Skipped], many(r.Calls, "call"))
}

// result writes one result.
func (s Style) result(out io.Writer, r Result) {
	name := r.Check
	if r.Route != "" {
		name = r.Route
	}
	status := fmt.Sprintf("%-*s", statusColumn, r.Status)
	if s.Colour {
		status = colours[r.Status] + status + plain
	}
	parts := []string{r.Found}
	if r.Meaning != "" {
		parts = append(parts, r.Meaning)
	}
	if r.Action != "" {
		parts = append(parts, "-> "+r.Action)
	}
	text := strings.Join(parts, " | ")
	if s.Width > 0 {
		text = strings.Join(s.wrapped(parts), "\n"+strings.Repeat(" ", indent))
	}
	fmt.Fprintf(out, "  %s  %-*s  %s\n", status, nameColumn, name, text)
}

// wrapped breaks the parts into lines that fit behind the columns.
func (s Style) wrapped(parts []string) []string {
	var lines []string
	for _, part := range parts {
		line := ""
		for word := range strings.FieldsSeq(part) {
			switch {
			case line == "":
				line = word
			case indent+len(line)+1+len(word) > s.Width:
				lines = append(lines, line)
				line = word
			default:
				line += " " + word
			}
		}
		lines = append(lines, line)
	}
	return lines
}
