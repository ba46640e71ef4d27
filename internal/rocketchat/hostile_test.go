package rocketchat_test

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

func TestHostileAnswersTakeLittleMemory(t *testing.T) {
	const megabyte = 1 << 20
	for name, fault := range map[string]rocketchattest.Fault{
		"a gigabyte of rows": rocketchattest.EndlessBody(1 << 30),
		"a gigabyte of id":   rocketchattest.EndlessString(1 << 30),
		"200,000 brackets":   rocketchattest.Nested(200_000),
		"compressed nothing": gzipOf(strings.NewReader(`{"departments":[`), io.LimitReader(spaces{}, 64<<20)),
	} {
		t.Run(name, func(t *testing.T) {
			ws := rocketchattest.New(rocketchattest.Latest)
			ws.Inject(nil, fault)
			client, _ := connect(t, ws)
			stop := make(chan struct{})
			peak := watchHeap(stop)
			_, err := lastDay(t.Context(), client, new(rocketchat.Question))
			close(stop)
			if failed, ok := errors.AsType[*rocketchat.Error](err); !ok || failed.Outcome != rocketchat.BadResponse {
				t.Errorf("got %v, want bad_response", err)
			}
			if got := <-peak; got > 25*megabyte {
				t.Errorf("the heap grew to %d MiB, want under 25 MiB", got/megabyte)
			}
		})
	}
}

// gzipOf answers with the compressed text of the readers, without holding it.
func gzipOf(readers ...io.Reader) rocketchattest.Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		compressed := gzip.NewWriter(w)
		_, _ = io.Copy(compressed, io.MultiReader(readers...))
		_ = compressed.Close()
	}
}

// spaces is white space without end.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// watchHeap returns by how many bytes the heap has grown at the most until stop.
func watchHeap(stop <-chan struct{}) <-chan uint64 {
	runtime.GC()
	before := heap()
	peak := make(chan uint64, 1)
	go func() {
		sample := time.NewTicker(time.Millisecond)
		defer sample.Stop()
		var most uint64
		for {
			most = max(most, heap())
			select {
			case <-stop:
				peak <- most - min(before, most)
				return
			case <-sample.C:
			}
		}
	}()
	return peak
}

// heap is how many bytes are in objects of the heap, those not yet swept included.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
