package collector_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/collector"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// documentedLoads are the rows of the table in docs/configuration.md.
func documentedLoads() []load {
	var all []load
	for _, row := range []struct {
		windows  int
		interval time.Duration
		scrapers int
	}{
		{1, 15 * time.Second, 1},
		{1, 15 * time.Second, 2},
		{4, 15 * time.Second, 1},
		{4, 15 * time.Second, 2},
		{4, 30 * time.Second, 1},
		{4, time.Minute, 1},
		{4, time.Minute, 2},
		{4, 5 * time.Minute, 1},
		{8, 15 * time.Second, 2},
		{8, time.Minute, 1},
		{10, 15 * time.Second, 2},
		{10, time.Minute, 1},
	} {
		all = append(all, load{windows: row.windows, interval: row.interval, scrapers: row.scrapers, slowest: 500 * time.Millisecond, lasts: 90 * time.Minute})
	}
	return all
}

// What docs/configuration.md says that a configuration costs, and how old its answers
// are, is what comes out. With -v the rows are printed as they have to stand there.
func TestTheDocumentedCallsAndAgesAreThoseThatComeOut(t *testing.T) {
	document, err := os.ReadFile(filepath.Join("..", "docs", "configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]string, len(documentedLoads()))
	t.Run("run", func(t *testing.T) {
		for i, l := range documentedLoads() {
			t.Run(l.String(), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { rows[i] = l.measure(t).row(l) })
			})
		}
	})
	table := strings.Join(rows, "\n")
	t.Log("\n" + table)
	if !strings.Contains(string(document), "\n"+table+"\n\n") {
		t.Errorf("docs/configuration.md does not have the table\n%s", table)
	}
}

// outcome is what came out of a load.
type outcome struct {
	calls map[string]float64 // A minute, by the last part of the route.
	ages  []time.Duration    // Of every answer on every page, in order.
}

// measure scrapes for as long as the load says, the scrapers evenly apart, and looks at
// what the server gets and what the pages have once the first round is over.
func (l load) measure(t *testing.T) outcome {
	t.Helper()
	const first = 30 * time.Minute
	e := startWith(t, rocketchattest.New(rocketchattest.Latest), everything, func(s *setup) {
		for i := range l.windows {
			s.Windows = append(s.Windows, collector.RollingWindow(strconv.Itoa(i), time.Duration(2+i)*time.Hour))
		}
	})
	e.server.Configure(func(s *rocketchattest.Settings) { s.RequestLog = 1 << 20 })
	e.server.Inject(nil, rocketchattest.Slow(l.slowest))
	began := time.Now()
	out := outcome{calls: make(map[string]float64)}
	var mu sync.Mutex
	var scrapers sync.WaitGroup
	for i := range l.scrapers {
		scrapers.Go(func() {
			time.Sleep(l.interval * time.Duration(i) / time.Duration(l.scrapers))
			for tick := time.NewTicker(l.interval); time.Since(began) < l.lasts; <-tick.C {
				glance(t, e, 10*time.Second)
				if time.Since(began) < first {
					continue
				}
				mu.Lock()
				for _, s := range e.workspace.Status() {
					switch {
					case !s.Exported:
						t.Errorf("after %v the page has no answer of %s of %s", time.Since(began), s.Resource, s.Window)
					case s.Resource != "departments": // Which has a refresh interval.
						out.ages = append(out.ages, time.Since(s.AskedAt))
					}
				}
				mu.Unlock()
			}
		})
	}
	scrapers.Wait()
	slices.Sort(out.ages)
	// All chats of a window take two calls, which is the longest round from two windows on.
	if oldest, age := l.oldest(rocketchat.Limit{Calls: 10, Per: time.Minute}, 2), out.ages[len(out.ages)-1]; age > oldest {
		t.Errorf("an answer became %v old, want %v at most", age, oldest)
	}
	for _, r := range e.server.Requests() {
		if since := r.Time.Sub(began); since >= first && since < l.lasts {
			out.calls[r.Path[strings.LastIndex(r.Path, "/")+1:]] += 1 / (l.lasts - first).Minutes()
		}
	}
	return out
}

// row is a row of the documented table.
func (o outcome) row(l load) string {
	interval := fmt.Sprintf("%.0fs", l.interval.Seconds())
	if l.interval >= time.Minute {
		interval = fmt.Sprintf("%.0fm", l.interval.Minutes())
	}
	typical, greatest := o.ages[len(o.ages)/2], o.ages[len(o.ages)-1]
	return fmt.Sprintf("| %d | %s | %d | %.1f | %.1f | %.1f | %.1f s | %.1f s |", l.windows, interval, l.scrapers,
		o.calls["total-abandoned-chats"], o.calls["amount-of-chats"], o.calls["department"], typical.Seconds(), greatest.Seconds())
}
