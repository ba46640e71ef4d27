// Command bench measures what a scrape costs, and prints the tables of
// docs/performance.md and, with --scaling, of docs/scaling.md. The exporter, json_exporter, the floor and the stub of the
// workspace run as processes of their own, and the CPU time of each is what the kernel
// accounts for it. It exits with 1 if a promise of that document does not hold.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) (err error) {
	r := &report{Writer: stdout}
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.StringVar(&r.exporter, "exporter", "./livechat_exporter", "the exporter's binary")
	flags.StringVar(&r.jsonExporter, "json-exporter", ".bin/json_exporter", "json_exporter's binary")
	flags.StringVar(&r.prometheus, "prometheus", ".bin/prometheus", "the binary of Prometheus")
	flags.StringVar(&r.victoriaMetrics, "victoria-metrics", ".bin/victoria-metrics", "the binary of VictoriaMetrics")
	scaling := flags.Bool("scaling", false, "measure whole servers instead, for docs/scaling.md; takes 20 minutes")
	flags.IntVar(&r.rounds, "rounds", 5, "rounds of scrapes, of which the median is printed")
	serve := flags.String("serve", "", "for the processes that the benchmark starts: workspace or floor")
	departments := flags.Int("departments", 20, "for them: departments of the workspace")
	delay := flags.Duration("delay", 0, "for them: how long the workspace waits before it answers")
	workspace := flags.String("workspace", "", "for them: the URL of the floor's workspace")
	_ = flags.Parse(args) // It exits where it fails.
	switch *serve {
	case "workspace":
		return listen(newWorkspace(*departments, *delay))
	case "floor":
		return listen(newFloor(*workspace))
	}
	if r.self, err = os.Executable(); err != nil {
		return err
	}
	if r.folder, err = os.MkdirTemp("", "livechat_exporter-bench-"); err != nil {
		return err
	}
	defer func() {
		r.running.Wait()
		err = errors.Join(err, os.RemoveAll(r.folder))
	}()
	if *scaling {
		return r.scaling(ctx)
	}
	parts := []func(context.Context) error{r.manyWorkspaces, r.memory, r.latency}
	for _, size := range []struct{ departments, scrapes int }{{10_000, 10}, {1_000, 60}, {100, 100}, {20, 200}} {
		parts = slices.Insert(parts, 0, func(ctx context.Context) error { return r.size(ctx, size.departments, size.scrapes) })
	}
	for _, part := range parts {
		partCtx, end := context.WithCancel(ctx)
		err = part(partCtx)
		end()
		if err != nil {
			return err
		}
	}
	return r.write()
}

// listen serves on a free port until the process is ended.
func listen(handler http.Handler) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "msg=\"Listening on\" address=%s\n", listener.Addr())
	return http.Serve(listener, handler) //nolint:gosec // G114: Its only client is the benchmark.
}

// report collects the rows of the tables.
type report struct {
	io.Writer
	programs

	rounds                                                         int
	asPrometheus, besideFloor, workspaces, memoryAndTime, promises strings.Builder
	last                                                           *subject // The exporter of the size before, beside the floor.
	broken                                                         bool
}

// abandonedRooms are the options for the numbers that the floor and json_exporter have too.
var abandonedRooms = map[string]any{"rooms": false, "counter": false, "live": false, "departments": false}

// size measures scrapes of a workspace with so many departments.
func (r *report) size(ctx context.Context, departments, scrapes int) error {
	// The page of the only workspace has the exporter's own metrics too.
	metrics := &subject{workspaces: 1, options: abandonedRooms, paths: []string{"/metrics"}, format: openMetrics}
	probe := &subject{workspaces: 2, options: abandonedRooms, format: openMetrics}
	binary := &subject{workspaces: 2, options: abandonedRooms, format: protobuf}
	jsonProbe := &subject{program: "json_exporter", format: openMetrics}
	minimal := &subject{program: "floor", format: plainText}
	plain := &subject{workspaces: 2, options: abandonedRooms, format: plainText}
	jsonPlain := &subject{program: "json_exporter", format: plainText}
	all := []*subject{metrics, probe, binary, jsonProbe, minimal, plain, jsonPlain}
	if err := r.startAll(ctx, departments, 0, all...); err != nil {
		return err
	}
	if err := checkLines(ctx, minimal, plain, jsonPlain); err != nil {
		return err
	}
	if err := measure(ctx, r.rounds, scrapes, all...); err != nil {
		return err
	}
	fmt.Fprintf(&r.asPrometheus, "| %d | %.2f | %.2f | %.2f | %.1f | %.1f |\n", departments,
		median(metrics.cpu), median(probe.cpu), median(binary.cpu), median(jsonProbe.cpu), ratio(jsonProbe, probe))
	fmt.Fprintf(&r.besideFloor, "| %d | %.2f | %.2f | %.2f | %.1f | %.1f | %.0f |\n", departments,
		median(minimal.cpu), median(plain.cpu), ratio(plain, minimal), median(jsonPlain.cpu), ratio(jsonPlain, plain), plain.resident)
	r.promise(fmt.Sprintf("CPU time with %d departments / the floor's", departments), ratio(plain, minimal), 2)
	switch departments {
	case 1_000:
		r.promise("8 x CPU time with 1000 departments / json_exporter's", 8/ratio(jsonPlain, plain), 1)
	case 10_000:
		r.promise("CPU time with 10000 departments / that with 1000", median(plain.cpu)/median(r.last.cpu), 12)
	}
	r.last = plain
	return nil
}

// checkLines compares what is measured: the exporter and the floor must have the same
// lines about departments, and json_exporter as many numbers of rooms.
func checkLines(ctx context.Context, minimal, plain, jsonPlain *subject) error {
	var pages [3][]string
	for i, s := range []*subject{minimal, plain, jsonPlain} {
		var page strings.Builder
		if err := s.scrape(ctx, &page); err != nil {
			return err
		}
		for line := range strings.Lines(page.String()) {
			if strings.HasPrefix(line, "livechat_department_") {
				pages[i] = append(pages[i], line)
			}
		}
		slices.Sort(pages[i])
	}
	if n := len(windows); !slices.Equal(pages[0], pages[1]) || len(pages[2]) != len(pages[0])*n/(n+1) {
		return fmt.Errorf("the lines differ: %d of the floor, %d of the exporter, %d of json_exporter", len(pages[0]), len(pages[1]), len(pages[2]))
	}
	return nil
}

// manyWorkspaces measures one scrape of each of many workspaces, with the default options.
func (r *report) manyWorkspaces(ctx context.Context) error {
	for _, departments := range []int{20, 100} {
		all := &subject{workspaces: 500, format: openMetrics}
		for i := range all.workspaces {
			all.paths = append(all.paths, "/probe?target=w"+strconv.Itoa(i))
		}
		if err := r.startAll(ctx, departments, 0, all); err != nil {
			return err
		}
		if err := measure(ctx, r.rounds, 1, all); err != nil {
			return err
		}
		seconds := median(all.cpu) / 1e3
		fmt.Fprintf(&r.workspaces, "| %d | %d | %.1f | %.1f %% | %.0f |\n", all.workspaces, departments, seconds, seconds/60*100, all.resident)
	}
	return nil
}

// memory compares what is resident after many scrapes with what was after a few.
func (r *report) memory(ctx context.Context) error {
	const departments = 100
	s := &subject{workspaces: 2, format: plainText}
	if err := r.startAll(ctx, departments, 0, s); err != nil {
		return err
	}
	if err := measure(ctx, 1, 100, s); err != nil {
		return err
	}
	few := s.resident
	if err := measure(ctx, 1, 10_000, s); err != nil {
		return err
	}
	fmt.Fprintf(&r.memoryAndTime, "With %d departments and the default options, %.0f MB are resident after 100 scrapes and %.0f MB after another 10,000.\n", departments, few, s.resident)
	r.promise("resident memory after 10000 scrapes / after 100", s.resident/few, 1.25)
	return nil
}

// latency measures how long a scrape takes where the workspace is slow.
func (r *report) latency(ctx context.Context) error {
	const departments, delay = 100, 200 * time.Millisecond
	minimal, plain := &subject{program: "floor", format: plainText}, &subject{workspaces: 2, options: abandonedRooms, format: plainText}
	if err := r.startAll(ctx, departments, delay, minimal, plain); err != nil {
		return err
	}
	if err := measure(ctx, 1, 20, minimal, plain); err != nil {
		return err
	}
	took, floors := median(plain.times), median(minimal.times)
	fmt.Fprintf(&r.memoryAndTime, "Where the workspace answers each call after %d ms, a scrape of %d departments takes %.0f ms, and the floor's %.0f ms.\n", delay.Milliseconds(), departments, took, floors)
	r.promise("time of a scrape / (1.1 x the workspace's + the floor's work)", took/(floors+0.1*milliseconds(delay)), 1)
	return nil
}

// ratio is how many times the CPU time of b a scrape of a takes: the median of the rounds.
func ratio(a, b *subject) float64 {
	ratios := make([]float64, len(a.cpu))
	for i := range ratios {
		ratios[i] = a.cpu[i] / b.cpu[i]
	}
	return median(ratios)
}

func median(numbers []float64) float64 {
	sorted := slices.Sorted(slices.Values(numbers))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// promise compares a figure with the limit that docs/performance.md states.
func (r *report) promise(what string, got, atMost float64) {
	verdict := "holds"
	if got > atMost {
		verdict, r.broken = "DOES NOT HOLD", true
	}
	fmt.Fprintf(&r.promises, "| %s | %.2f | %g | %s |\n", what, got, atMost, verdict)
}

// write writes the tables.
func (r *report) write() error {
	fmt.Fprintf(r, `As Prometheus scrapes it (CPU time of a scrape in ms):

| departments | `+"`/metrics`"+` of one workspace | `+"`/probe` | `/probe`, protobuf | json_exporter | json_exporter / `/probe`"+` |
|---:|---:|---:|---:|---:|---:|
%s
Beside the floor, as text, not compressed (CPU time of a scrape in ms):

| departments | floor | exporter | exporter / floor | json_exporter | json_exporter / exporter | resident MB |
|---:|---:|---:|---:|---:|---:|---:|
%s
Many workspaces with the default options, as Prometheus scrapes them:

| workspaces | departments of each | CPU time of one scrape of each, s | share of a core at a scrape a minute | resident MB |
|---:|---:|---:|---:|---:|
%s
%s
| promise | measured | at most | |
|---|---:|---:|---|
%s`, &r.asPrometheus, &r.besideFloor, &r.workspaces, &r.memoryAndTime, &r.promises)
	if r.broken {
		return errors.New("a promise does not hold")
	}
	return nil
}
