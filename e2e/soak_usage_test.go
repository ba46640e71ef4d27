package e2e

import (
	"fmt"
	"net/http"
	"testing"
)

// usage is what the exporter says that it uses.
type usage struct {
	goroutines, resident, heap, descriptors float64
}

// String writes the usage for people.
func (u usage) String() string {
	const mebi = 1 << 20
	return fmt.Sprintf("%v goroutines, %v file descriptors, %.1f MiB resident, %.1f MiB of heap", u.goroutines, u.descriptors, u.resident/mebi, u.heap/mebi)
}

// usage reads the exporter's own metrics.
func (e *exporter) usage(t *testing.T) usage {
	t.Helper()
	page := parsePage(t, e.page(t))
	return usage{
		goroutines: page.get(t, "go_goroutines"), descriptors: page.get(t, "process_open_fds"),
		resident: page.get(t, "process_resident_memory_bytes"), heap: page.get(t, "go_memstats_heap_alloc_bytes"),
	}
}

// usageAtRest is the usage once no scrape, no call and no connection is left, with
// nothing on the heap that is not used. However many workspaces there are, none of them
// then has a goroutine.
func (e *exporter) usageAtRest(t *testing.T) usage {
	t.Helper()
	const few = 30
	eventually(t, "the end of all goroutines but a few", func() error {
		if u := e.usage(t); u.goroutines > few || u.descriptors > few {
			return fmt.Errorf("there are %s", u)
		}
		return nil
	})
	for range 2 { // What is kept for use again outlives the first collection.
		status, body, err := get(t.Context(), http.DefaultClient, "http://"+e.address+"/debug/pprof/heap?gc=1")
		if err != nil || status != http.StatusOK {
			t.Fatalf("collect garbage: status %d, error %v, %s", status, err, body)
		}
	}
	u := e.usage(t)
	t.Logf("at rest: %s", u)
	return u
}

// checkSameAs compares with the usage at rest of an earlier time. Go gives memory back
// to the system when it likes, so that what is resident may differ by more than what is
// used; and the histograms of the calls get a bucket for each new duration, up to 100 a
// route, so that a little more is used as time goes.
func (u usage) checkSameAs(t *testing.T, early usage) {
	t.Helper()
	for what, pair := range map[string]struct{ late, most float64 }{
		"goroutines":            {u.goroutines, early.goroutines + 5},
		"open file descriptors": {u.descriptors, early.descriptors + 5},
		"bytes of heap":         {u.heap, early.heap*1.2 + 2<<20},
		"bytes resident":        {u.resident, early.resident*1.5 + 20<<20},
	} {
		if pair.late > pair.most {
			t.Errorf("got %.0f %s, want %.0f at most: earlier it was %s", pair.late, what, pair.most, early)
		}
	}
}
