package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	abandonedPath = "/api/v1/livechat/analytics/departments/total-abandoned-chats"
	timeFormat    = "2006-01-02T15:04:05.000Z"
	userID        = "rbAXPnMktTFbNpwtJ"
	authToken     = "any-token"
)

// windows are the windows of all measurements.
var windows = []struct {
	name   string
	length time.Duration
}{{"6h", 6 * time.Hour}, {"24h", 24 * time.Hour}, {"7d", 7 * 24 * time.Hour}, {"30d", 30 * 24 * time.Hour}}

// abandonedCall is the path of a call for the abandoned chats of a window.
func abandonedCall(window time.Duration) string {
	end := time.Now().UTC()
	return abandonedPath + "?" + url.Values{"count": {"0"}, "start": {end.Add(-window).Format(timeFormat)}, "end": {end.Format(timeFormat)}}.Encode()
}

// rowFormats has a department's row in the answer of each route, made of id and number.
var rowFormats = map[string]string{
	abandonedPath: `{"_id":%s,"abandonedRooms":%d}`,
	"/api/v1/livechat/analytics/departments/amount-of-chats": `{"_id":%s,"rooms":%d}`,
	"/api/v1/livechat/department":                            `{"_id":%[1]s,"enabled":true,"name":%[1]s,"description":"","numAgents":%[2]d,"showOnRegistration":true,"type":"d"}`,
}

// liveAnswers are the answers of the routes that have no departments.
var liveAnswers = map[string][]byte{
	"/api/v1/livechat/inquiries.list":                            []byte(`{"inquiries":[],"count":0,"offset":1000000000,"total":7,"success":true}`),
	"/api/v1/livechat/analytics/dashboards/charts/agents-status": []byte(`{"offline":3,"away":1,"busy":2,"available":9,"success":true}`),
}

// orders is how many orders of its rows an answer has, since the server's is not stable.
const orders = 4

// workspace is a stub of Rocket.Chat. It sends all rows in one answer, prepared at the start.
type workspace struct {
	answers map[string][][orders][]byte // By route, one for each window.
	delay   time.Duration
	calls   atomic.Uint64
}

func newWorkspace(departments int, delay time.Duration) *workspace {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // G404: The ids must be the same in each run.
	const alphabet = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz"
	ids := make([]string, departments)
	for i := range ids {
		id := make([]byte, len(userID))
		for j := range id {
			id[j] = alphabet[random.IntN(len(alphabet))]
		}
		ids[i] = strconv.Quote(string(id))
	}
	w := &workspace{answers: make(map[string][][orders][]byte), delay: delay}
	for route, format := range rowFormats {
		w.answers[route] = make([][orders][]byte, len(windows))
		for window := range windows {
			rows := make([][]byte, departments)
			for i, id := range ids {
				if i == 0 && route == abandonedPath {
					id = "null" // The chats without a department.
				}
				rows[i] = fmt.Appendf(nil, format, id, 1+i%90+1000*window)
			}
			for order := range orders {
				random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
				w.answers[route][window][order] = fmt.Appendf(nil, `{"departments":[%s],"count":%d,"offset":0,"total":%[2]d,"success":true}`,
					bytes.Join(rows, []byte(",")), departments)
			}
		}
	}
	for route, answer := range liveAnswers {
		w.answers[route] = make([][orders][]byte, len(windows))
		for window := range windows {
			w.answers[route][window] = [orders][]byte([][]byte{answer, answer, answer, answer})
		}
	}
	return w
}

// ServeHTTP answers a call after the delay.
func (w *workspace) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	answers, query := w.answers[r.URL.Path], r.URL.Query()
	if answers == nil {
		http.NotFound(rw, r)
		return
	}
	if w.delay > 0 {
		<-time.After(w.delay)
	}
	start, _ := time.Parse(timeFormat, query.Get("start"))
	end, _ := time.Parse(timeFormat, query.Get("end"))
	window := 0
	for window < len(windows)-1 && windows[window].length < end.Sub(start) {
		window++
	}
	body := answers[window][w.calls.Add(1)%orders]
	rw.Header().Set("Content-Type", "application/json")
	rw.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = rw.Write(body)
}

// floor is the least that a program does for the same lines: it fetches the answers in
// parallel, decodes them, appends the lines to one buffer and writes it. It checks and
// orders nothing, and keeps nothing from one scrape to the next.
type floor struct {
	workspace string
	client    http.Client
}

type floorAnswer struct {
	Departments []struct {
		ID    string `json:"_id"` // Empty for null.
		Rooms int64  `json:"abandonedRooms"`
	} `json:"departments"`
}

func newFloor(workspace string) *floor {
	return &floor{workspace: workspace, client: http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: len(windows)}}}
}

// ServeHTTP answers a scrape.
func (f *floor) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	answers, failures := make([]floorAnswer, len(windows)), make([]error, len(windows))
	ctx, calls := r.Context(), sync.WaitGroup{}
	for i, window := range windows {
		calls.Go(func() { failures[i] = f.fetch(ctx, window.length, &answers[i]) })
	}
	calls.Wait()
	if err := errors.Join(failures...); err != nil {
		http.Error(rw, err.Error(), http.StatusBadGateway)
		return
	}
	const perLine = 100 // Bytes, enough to never grow the buffer.
	page := make([]byte, 0, perLine*(len(windows)+1)*len(answers[0].Departments))
	for i, answer := range answers {
		for _, d := range answer.Departments {
			name := d.ID
			if d.ID == "" {
				d.ID, name = "none", "(no department)"
			}
			page = append(append(page, `livechat_department_abandoned_rooms{department_id="`...), d.ID...)
			page = append(append(page, `",window="`...), windows[i].name...)
			page = append(strconv.AppendInt(append(page, `"} `...), d.Rooms, 10), '\n')
			if i == 0 { // All windows have the same departments.
				page = append(append(page, `livechat_department_info{department="`...), name...)
				page = append(append(append(page, `",department_id="`...), d.ID...), "\"} 1\n"...)
			}
		}
	}
	_, _ = rw.Write(page)
}

func (f *floor) fetch(ctx context.Context, window time.Duration, answer *floorAnswer) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.workspace+abandonedCall(window), http.NoBody)
	if err != nil {
		return err
	}
	request.Header.Set("X-User-Id", userID)
	request.Header.Set("X-Auth-Token", authToken)
	response, err := f.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body := make([]byte, response.ContentLength)
	if _, err := io.ReadFull(response.Body, body); err != nil {
		return err
	}
	return json.Unmarshal(body, answer)
}
