package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// sizes are the numbers of departments.
var sizes = []int{10, 100, 1_000, 10_000}

const probe = "/probe?target=main"

// everything are the keys of the exporter's default options.
var everything = map[string]any{"rooms": true, "counter": true, "departments": true}

// BenchmarkScrape is a scrape that asks for four windows, of abandoned rooms alone.
func BenchmarkScrape(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("departments=%d", n), func(b *testing.B) {
			url := startWorkspace(b, n, 0)
			exporter := startExporter(b, url, []string{"main"}, nil)
			compare(b, exporter, startFloor(b, &floor{URL: url, Windows: windows}), probe)
		})
	}
}

// BenchmarkOneWindow is a scrape that asks for one window.
func BenchmarkOneWindow(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("departments=%d", n), func(b *testing.B) {
			url := startWorkspace(b, n, 0)
			exporter := startExporter(b, url, []string{"main"}, map[string]any{"windows": []string{windows[0].Name}})
			compare(b, exporter, startFloor(b, &floor{URL: url, Windows: windows[:1]}), probe)
		})
	}
}

// BenchmarkEverything is a scrape that asks for all that the exporter's default options
// ask for. The list of departments is asked for every five minutes by the exporter, each
// time by the floor.
func BenchmarkEverything(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("departments=%d", n), func(b *testing.B) {
			url := startWorkspace(b, n, 0)
			exporter := startExporter(b, url, []string{"main"}, everything)
			compare(b, exporter, startFloor(b, &floor{URL: url, Windows: windows, Everything: true}), probe)
		})
	}
}

// BenchmarkLastGoodAnswers is a scrape that asks for nothing, beside what the client
// library's registry and encoder need for the same metrics made before.
func BenchmarkLastGoodAnswers(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("departments=%d", n), func(b *testing.B) {
			var seldom []any
			for _, w := range windows {
				seldom = append(seldom, map[string]any{"name": w.Name, "duration": w.Length.String(), "refresh": "5h"})
			}
			exporter := startExporter(b, startWorkspace(b, n, 0), []string{"main"}, map[string]any{"windows": seldom})
			exporter.scrape(b, probe)
			page := filepath.Join(b.TempDir(), "page")
			if err := os.WriteFile(page, []byte(exporter.page(b, probe)), 0o600); err != nil {
				b.Fatal(err)
			}
			compare(b, exporter, startFloor(b, &floor{Prebuilt: page}), "/prebuilt")
		})
	}
}

// BenchmarkSlowWorkspace is the time of a scrape whose calls take 200 ms each.
func BenchmarkSlowWorkspace(b *testing.B) {
	exporter := startExporter(b, startWorkspace(b, 100, 200*time.Millisecond), []string{"main"}, nil)
	exporter.scrape(b, probe)
	for b.Loop() {
		exporter.scrape(b, probe)
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N), "ms/scrape")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkManyWorkspaces is a scrape of each of 500 workspaces, one after the other.
func BenchmarkManyWorkspaces(b *testing.B) {
	const many = 500
	names := make([]string, many)
	for i := range names {
		names[i] = fmt.Sprintf("workspace-%d", i)
	}
	exporter := startExporter(b, startWorkspace(b, 20, 0), names, nil)
	scrapeAll := func() {
		for _, name := range names {
			exporter.scrape(b, "/probe?target="+name)
		}
	}
	scrapeAll()
	before := exporter.usage(b)
	for b.Loop() {
		scrapeAll()
	}
	used := exporter.usage(b).since(before)
	b.ReportMetric(used.cpu/float64(b.N), "cpu-s/round")
	b.ReportMetric(used.resident/1e6, "resident-MB")
	b.ReportMetric(0, "ns/op")
}

// compare scrapes the exporter and the floor in turn, and reports what a scrape costs
// each of them.
func compare(b *testing.B, exporter, floor *process, floorPage string) {
	b.Helper()
	for range 3 { // The exporter finds out how to ask.
		floor.scrape(b, floorPage)
		exporter.scrape(b, probe)
	}
	exporterBefore, floorBefore := exporter.usage(b), floor.usage(b)
	wait := startProfile(b, exporter)
	for b.Loop() {
		floor.scrape(b, floorPage)
		exporter.scrape(b, probe)
	}
	wait()
	ours, floors := exporter.usage(b).since(exporterBefore), floor.usage(b).since(floorBefore)
	n := float64(b.N)
	b.ReportMetric(ours.cpu*1e3/n, "cpu-ms")
	b.ReportMetric(floors.cpu*1e3/n, "floor-cpu-ms")
	b.ReportMetric(ours.cpu/floors.cpu, "x-cpu")
	b.ReportMetric(ours.allocations/n, "allocs")
	b.ReportMetric(floors.allocations/n, "floor-allocs")
	b.ReportMetric(ours.bytes/n/1024, "alloc-KiB")
	b.ReportMetric(floors.bytes/n/1024, "floor-alloc-KiB")
	b.ReportMetric(ours.resident/1e6, "resident-MB")
	b.ReportMetric(0, "ns/op")
}
