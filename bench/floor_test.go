package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// floor is the minimal program. It checks nothing, bounds nothing and remembers nothing.
type floor struct {
	URL     string
	Windows []window
	// Everything asks for what the exporter's options rooms, counter and departments do.
	Everything bool
	// Prebuilt is a file that has the page of prebuilt metrics; none if empty.
	Prebuilt string

	client http.Client
}

// serveFloor serves the floor's page, its own metrics, and the page of prebuilt ones.
func serveFloor(config string) error {
	f := &floor{}
	if err := json.Unmarshal([]byte(config), f); err != nil {
		return err
	}
	f.client.Transport = &http.Transport{MaxIdleConnsPerHost: 100, DisableCompression: true}
	own := prometheus.NewRegistry()
	own.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	http.Handle("/metrics", promhttp.HandlerFor(own, promhttp.HandlerOpts{}))
	http.Handle("/probe", f)
	if f.Prebuilt != "" {
		metrics, err := readPrebuilt(f.Prebuilt)
		if err != nil {
			return err
		}
		registry := prometheus.NewRegistry()
		registry.MustRegister(metrics)
		http.Handle("/prebuilt", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // It lives as long as the process.
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "msg=\"Listening on\" address=%s\n", listener.Addr())
	return http.Serve(listener, nil) //nolint:gosec // G114: for the benchmark alone.
}

// row is a department of an answer, of whichever route.
type row struct {
	ID        *string `json:"_id"`
	Abandoned int64   `json:"abandonedRooms"`
	Rooms     int64   `json:"rooms"`
	Name      string  `json:"name"`
	Enabled   bool    `json:"enabled"`
	Agents    int64   `json:"numAgents"`
}

func (r *row) id() string {
	if r.ID == nil {
		return "none"
	}
	return *r.ID
}

const analytics = "livechat/analytics/departments/"

// ServeHTTP answers with the page.
func (f *floor) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	if f.Everything {
		f.everything(w, now)
		return
	}
	answers := make([][]row, len(f.Windows))
	var wg sync.WaitGroup
	for i, window := range f.Windows {
		wg.Go(func() { answers[i] = f.ask(analytics+"total-abandoned-chats", now.Add(-window.Length), now, "") })
	}
	wg.Wait()
	out := bufio.NewWriterSize(w, 64<<10)
	_, _ = out.WriteString("# HELP livechat_department_abandoned_rooms Rooms.\n# TYPE livechat_department_abandoned_rooms gauge\n")
	for i, rows := range answers {
		for _, r := range rows {
			writeNumber(out, "livechat_department_abandoned_rooms", r.id(), f.Windows[i].Name, r.Abandoned)
		}
	}
	_, _ = out.WriteString("# HELP livechat_department_info Name.\n# TYPE livechat_department_info gauge\n")
	for _, r := range answers[len(answers)-1] { // The longest window has them all.
		name := r.id()
		if name == "none" {
			name = "(no department)"
		}
		writeInfo(out, r.id(), name)
	}
	_ = out.Flush()
}

// ask asks for one answer, in one call.
func (f *floor) ask(path string, start, end time.Time, more string) []row {
	const format = "2006-01-02T15:04:05.000Z"
	query := "?count=0" + more
	if !start.IsZero() {
		query += "&start=" + url.QueryEscape(start.Format(format)) + "&end=" + url.QueryEscape(end.Format(format))
	}
	request, err := http.NewRequest(http.MethodGet, f.URL+"/api/v1/"+path+query, http.NoBody) //nolint:noctx // It has no deadline.
	if err != nil {
		panic(err)
	}
	request.Header.Set("X-User-Id", rocketchattest.UserID)
	request.Header.Set("X-Auth-Token", rocketchattest.AuthToken)
	response, err := f.client.Do(request)
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	var answer struct {
		Departments []row `json:"departments"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		panic(err)
	}
	return answer.Departments
}

// writeNumber writes a line. A window of "" is no label.
func writeNumber(out *bufio.Writer, metric, id, window string, number int64) {
	_, _ = out.WriteString(metric)
	_, _ = out.WriteString(`{department_id="`)
	_, _ = out.WriteString(id)
	if window != "" {
		_, _ = out.WriteString(`",window="`)
		_, _ = out.WriteString(window)
	}
	_, _ = out.WriteString(`"} `)
	_, _ = out.Write(strconv.AppendInt(out.AvailableBuffer(), number, 10))
	_ = out.WriteByte('\n')
}

func writeInfo(out *bufio.Writer, id, name string) {
	_, _ = out.WriteString(`livechat_department_info{department="`)
	_, _ = out.WriteString(name)
	_, _ = out.WriteString(`",department_id="`)
	_, _ = out.WriteString(id)
	_, _ = out.WriteString("\"} 1\n")
}
