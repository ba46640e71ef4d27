package rocketchat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// answerOfDepartments is an answer in no order, with ids as long as the server's.
func answerOfDepartments(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"departments":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"_id":"%017x","abandonedRooms":%d}`, uint64(i+1)*0x9E3779B97F4A7C15, i%90)
	}
	fmt.Fprintf(&b, `],"count":%d,"offset":0,"total":%d,"success":true}`, n, n)
	return []byte(b.String())
}

// decodeAnswer reads an answer as a call does, up to what the collector is given.
func decodeAnswer(tb testing.TB, text []byte) Answer {
	tb.Helper()
	p, err := decodePage(bytes.NewReader(text), "abandonedRooms")
	if err == nil {
		err = p.check(remoteText{secrets: []string{"RScctEHSmLGZGywfIhWyRpyofhKOiMoUIpimhvheU3f", "rbAXPnMktTFbNpwtJ", ""}})
	}
	if err != nil {
		tb.Fatal(err)
	}
	var c collected[countedRow]
	c.add(p)
	return counted(c)
}

// BenchmarkDecode is an answer read, checked and ordered, beside encoding/json, which
// does the first alone.
func BenchmarkDecode(b *testing.B) {
	for _, n := range []int{10, 100, 1_000, 10_000} {
		b.Run(fmt.Sprintf("departments=%d", n), func(b *testing.B) {
			text := answerOfDepartments(n)
			var ours, floors time.Duration
			for b.Loop() {
				begin := time.Now()
				decodeAnswer(b, text)
				ours += time.Since(begin)

				begin = time.Now()
				var answer struct {
					Departments []struct {
						ID    *string `json:"_id"`
						Rooms int64   `json:"abandonedRooms"`
					} `json:"departments"`
				}
				if err := json.NewDecoder(io.Reader(bytes.NewReader(text))).Decode(&answer); err != nil {
					b.Fatal(err)
				}
				floors += time.Since(begin)
			}
			b.ReportMetric(float64(ours.Microseconds())/float64(b.N), "us")
			b.ReportMetric(float64(floors.Microseconds())/float64(b.N), "json-us")
			b.ReportMetric(ours.Seconds()/floors.Seconds(), "x-json")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// TestAnAnswerIsDecodedInFewAllocations holds the reader to some allocations for each
// hundred departments, and none for each.
func TestAnAnswerIsDecodedInFewAllocations(t *testing.T) {
	for n, most := range map[int]float64{10: 25, 1_000: 50, 10_000: 120} {
		text := answerOfDepartments(n)
		if got := len(decodeAnswer(t, text).Departments); got != n {
			t.Fatalf("got %d departments, want %d", got, n)
		}
		if got := testing.AllocsPerRun(20, func() { decodeAnswer(t, text) }); got > most {
			t.Errorf("%d departments take %.0f allocations, want no more than %.0f", n, got, most)
		}
	}
}
