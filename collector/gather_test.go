package collector_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"livechat_exporter/collector"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// gather makes a page as the server does. It stays as it is until done.
func (e *exporter) gather(t *testing.T) (p page, done func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	families, done, err := e.workspace.Scrape(ctx).Gather()
	if err != nil {
		t.Fatal(err)
	}
	return families, done
}

// seldom refreshes all windows once an hour, so that two pages of one moment are of the
// same answers.
func seldom(s *setup) {
	s.Windows = []collector.Window{
		collector.RollingWindow("6h", 6*time.Hour).RefreshedEvery(time.Hour),
		collector.RollingWindow("24h", 24*time.Hour).RefreshedEvery(time.Hour),
		collector.CalendarWindow("today", collector.Today, time.UTC).RefreshedEvery(time.Hour),
	}
}

func TestAGatheredPageIsTheOneThatARegistryMakes(t *testing.T) {
	tests := map[string]struct {
		options func(*setup)
		then    func(e *exporter) // Before the second page.
	}{
		"abandoned rooms alone": {options: func(*setup) {}},
		"everything":            {options: everything},
		"a department more": {options: everything, then: func(e *exporter) {
			e.server.AddDepartments(rocketchattest.Department{ID: "new", Name: "Aardvark"})
			e.server.AddRooms(abandoned("new", 2*time.Hour)...)
		}},
		"a department less": {options: everything, then: func(e *exporter) { e.server.ArchiveDepartment("billing") }},
		"another name": {options: everything, then: func(e *exporter) {
			e.server.AddDepartments(rocketchattest.Department{ID: "sales", Name: "Field \"Sales\"\n\\", Agents: 5})
		}},
		"nothing good": {options: everything, then: func(e *exporter) {
			e.server.Inject(nil, rocketchattest.BadGateway())
			time.Sleep(2 * time.Hour)
		}},
		"one window missing": {options: everything, then: func(e *exporter) {
			e.server.Inject(onlyWindow(6*time.Hour), rocketchattest.BadGateway())
			time.Sleep(2 * time.Hour)
		}},
		"incomplete": {options: everything, then: func(e *exporter) {
			e.server.Configure(func(s *rocketchattest.Settings) { s.TotalSkew = 1 })
		}},
		"the next month": {options: everything, then: func(*exporter) { time.Sleep(31 * 24 * time.Hour) }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(10 * time.Hour)
				e := startWith(t, rocketchattest.New(rocketchattest.Latest), seldom, test.options, noLimit)
				e.server.Configure(func(s *rocketchattest.Settings) { s.RateLimit.Calls = 0 })
				e.server.AddDepartments(
					rocketchattest.Department{ID: "sales", Name: "Sales", Agents: 4},
					rocketchattest.Department{ID: "billing", Name: "Billing", Disabled: true},
					rocketchattest.Department{ID: "zoo", Name: "Archived", Archived: true})
				e.server.AddRooms(abandoned("sales", 3*time.Hour)...)
				e.server.AddRooms(abandoned("support", 8*time.Hour)...)
				e.server.AddRooms(abandoned("", 3*time.Hour)...)
				e.scrape(t)
				_, done := e.gather(t)
				done()
				if test.then != nil {
					time.Sleep(2 * time.Hour) // All is due.
					test.then(e)
					e.scrape(t)
					e.server.Inject(nil, rocketchattest.Hang()) // What fails is asked again for each page.
				}
				want := e.scrape(t)
				got, done := e.gather(t)
				defer done()
				registry := prometheus.NewPedanticRegistry()
				registry.MustRegister(e.options.Calls)
				counts, err := registry.Gather() // As they are since the second page.
				if err != nil {
					t.Fatal(err)
				}
				for i, f := range want {
					if same := slices.IndexFunc(counts, func(c *dto.MetricFamily) bool { return c.GetName() == f.GetName() }); same >= 0 {
						want[i] = counts[same]
					}
				}
				if names(got) != names(want) {
					t.Fatalf("got %s, the registry %s", names(got), names(want))
				}
				for i := range want {
					if !proto.Equal(got[i], want[i]) {
						t.Errorf("got\n%s\nthe registry\n%s", page{got[i]}, page{want[i]})
					}
				}
			})
		})
	}
}

// names are the metrics of a page.
func names(p page) string {
	var names []string
	for _, f := range p {
		names = append(names, f.GetName())
	}
	return fmt.Sprint(names)
}

func TestPagesAtOnceHaveEachItsOwnValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := only6h(t, noLimit)
		first, firstDone := e.gather(t)
		e.server.AddRooms(abandoned("sales", 3*time.Hour)...)
		second, secondDone := e.gather(t)
		if a, b := first.rooms("6h")["sales"], second.rooms("6h")["sales"]; a != 1 || b != 2 {
			t.Errorf("got %v and %v, want 1 and 2", a, b)
		}
		firstDone()
		e.server.AddRooms(abandoned("sales", 3*time.Hour)...)
		third, thirdDone := e.gather(t)
		if a, b := second.rooms("6h")["sales"], third.rooms("6h")["sales"]; a != 2 || b != 3 {
			t.Errorf("got %v and %v, want 2 and 3", a, b)
		}
		secondDone()
		thirdDone()
	})
}

// TestTheSeriesOfDepartmentsAreMadeOnce holds a page to a number of allocations that does
// not depend on how many departments there are.
func TestTheSeriesOfDepartmentsAreMadeOnce(t *testing.T) {
	allocations := func(departments int) float64 {
		var got float64
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(10 * time.Hour)
			e := startWith(t, rocketchattest.New(rocketchattest.Latest), seldom, noLimit)
			for i := range departments {
				e.server.AddRooms(abandoned(fmt.Sprint("department", i), 3*time.Hour)...)
			}
			e.gather(t)
			scrape := e.workspace.Scrape(t.Context())
			got = testing.AllocsPerRun(20, func() {
				_, done, err := scrape.Gather()
				if err != nil {
					t.Error(err)
				}
				done()
			})
		})
		return got
	}
	if few, many := allocations(40), allocations(4_000); many > few+10 {
		t.Errorf("a page of 4,000 departments takes %.0f allocations, of 40 %.0f", many, few)
	}
}

var _ prometheus.TransactionalGatherer = collector.Scrape(nil)
