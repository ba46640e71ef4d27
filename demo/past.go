package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"livechat_exporter/demo/traffic"
)

const (
	// pastStep is the distance of two samples of the past, the longest that the rules
	// are made for.
	pastStep = 2 * time.Minute
	// counted is how far back the past has what the exporter exports. Before that it
	// has what a rule would have recorded.
	counted = 26 * time.Hour
	// recorded is how far back the past goes: dashboards compare with three weeks, and
	// the hour before.
	recorded = 21*24*time.Hour + time.Hour
	// perHour is the rule that records the abandoned chats of an hour.
	perHour = "instance_department:livechat_department_abandonments:increase1h"
)

// past is what Prometheus would know of a workspace if it had been there for three
// weeks, as far as dashboards compare with it. What alerts compare with a spike, the
// workspace answers itself.
type past struct {
	departments []traffic.Department
	closings    traffic.Closings
	now         time.Time
}

// writeData makes a folder of Prometheus' data with the past in it. The folder scratch
// takes what is written on the way.
func (p past) writeData(ctx context.Context, promtool, scratch, data string) error {
	name := filepath.Join(scratch, "past.txt")
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write the past: %w", err)
	}
	if err = p.write(file); err == nil {
		err = file.Close()
	}
	if err != nil {
		return fmt.Errorf("write the past: %w", err)
	}
	output, err := exec.CommandContext(ctx, promtool,
		"tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=720h", "--quiet", name, data).CombinedOutput()
	if err != nil {
		return fmt.Errorf("hand the past to Prometheus: promtool: %w\n%s", err, output)
	}
	return nil
}

// write writes the past as OpenMetrics text.
func (p past) write(w io.Writer) error {
	out := bufio.NewWriter(w)
	for at := p.now.Add(-recorded); at.Before(p.now); at = at.Add(pastStep) {
		p.writeRecorded(out, at)
		if !at.Before(p.now.Add(-counted)) {
			p.writeCounted(out, at)
		}
	}
	fmt.Fprintln(out, "# EOF")
	return out.Flush()
}

// writeRecorded writes what the rule perHour would have recorded.
func (p past) writeRecorded(out io.Writer, at time.Time) {
	for i := range p.departments {
		id := p.departments[i].ID
		p.sample(out, perHour, labels(id), at, int64(p.closings.Count(id, at.Add(-time.Hour), at)))
	}
}

// writeCounted writes what the exporter would have exported: the counter, which begins
// each month at 0, and the departments' names.
func (p past) writeCounted(out io.Writer, at time.Time) {
	utc := at.UTC()
	month := time.Date(utc.Year(), utc.Month(), 1, 0, 0, 0, 0, time.UTC)
	p.sample(out, "livechat_abandonments_period_start_timestamp_seconds", "", at, month.Unix())
	for i := range p.departments {
		d := p.departments[i].Department
		p.sample(out, "livechat_department_abandonments_total", labels(d.ID), at, int64(p.closings.Count(d.ID, month, at)))
		p.sample(out, "livechat_department_info", labels(d.ID)+fmt.Sprintf(",department=%q", cmp.Or(d.Name, noDepartment)), at, 1)
	}
}

// labels are the labels of a department's series beside those of the target.
func labels(id string) string {
	return fmt.Sprintf(",department_id=%q", cmp.Or(id, "none"))
}

func (past) sample(out io.Writer, metric, labels string, at time.Time, value int64) {
	fmt.Fprintf(out, "%s{job=%q,instance=%q%s} %d %d\n", metric, jobName, workspaceName, labels, value, at.Unix())
}
