package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"livechat_exporter/demo/traffic"
)

// workspaceName is the workspace's name in the shipped configuration, and what alerts
// call it.
const workspaceName = "main"

// stackDemo is demo with Prometheus and Alertmanager behind the exporter, with the
// shipped rules and routes, and with a department that loses visitors. It prints the
// notifications.
func stackDemo(ctx context.Context, f flags, build builder, stdout, stderr io.Writer) error {
	t, err := findTools(f.stack)
	if err != nil {
		return err
	}
	// On other days there would be notifications about shares alone.
	company := company(f.seed, traffic.Calm(traffic.Departments()))
	r, err := begin(ctx, f, company, build, stdout, stderr)
	defer r.end()
	if err != nil {
		return err
	}
	spike := traffic.Spike{ClosedAt: r.workspace.began.Add(f.spikeAfter)}
	r.workspace.AddRooms(spike.Rooms()...)
	alerts := filepath.Join(r.program.sources, "alerts")

	told, err := startReceiver(ctx, stdout)
	if err != nil {
		return err
	}
	defer told.close()
	alertmanager, err := r.startAlertmanager(ctx, f, t, filepath.Join(alerts, "alertmanager.yml"), told, stdout, stderr)
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "Making the past of three weeks, as docs/backfill.md does.")
	data := filepath.Join(r.folder, "prometheus")
	err = r.writePast(ctx, t.promtool, data)
	if err != nil {
		return err
	}
	prometheus, err := r.startPrometheus(ctx, f, t, filepath.Join(alerts, "livechat.rules.yml"), data, alertmanager, stdout, stderr)
	if err != nil {
		return err
	}

	r.report(f).writeAddresses(stdout)
	stackReport{
		prometheus:   prometheus,
		pages:        hasPages(ctx, prometheus),
		alertmanager: alertmanager,
		spike:        spike,
	}.write(stdout)
	told.begin()
	return r.wait(ctx)
}
