//go:build conformance

// Package conformance compares the simulated Rocket.Chat with what is not of this
// repository: the published validators of its parameters, JavaScript's dates, and its
// aggregations run by another program.
package conformance

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

const seed = 20_260_301

var (
	profiles = []rocketchattest.Profile{rocketchattest.Old, rocketchattest.Mid, rocketchattest.Latest, rocketchattest.Nine}
	paths    = map[string]string{
		abandonedRoute:  "/api/v1/livechat/analytics/departments/total-abandoned-chats",
		chatsRoute:      "/api/v1/livechat/analytics/departments/amount-of-chats",
		departmentRoute: "/api/v1/livechat/department",
	}
	// zone is that of the server's process. Its offsets are no whole hours.
	zone = "America/St_Johns"
)

const (
	abandonedRoute  = "total-abandoned-chats"
	chatsRoute      = "amount-of-chats"
	departmentRoute = "department"
)

// ask has judge.mjs answer the questions.
func ask[Answer, Question any](t *testing.T, questions []Question) []Answer {
	t.Helper()
	text, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	judge := exec.CommandContext(t.Context(), "node", "node_modules/judge.mjs")
	judge.Stdin, judge.Stderr, judge.Env = bytes.NewReader(text), os.Stderr, append(os.Environ(), "TZ="+zone)
	text, err = judge.Output()
	if err != nil {
		t.Fatalf("judge: %v", err)
	}
	var answers []Answer
	if err := json.Unmarshal(text, &answers); err != nil || len(answers) != len(questions) {
		t.Fatalf("judge: %d answers to %d questions, error %v", len(answers), len(questions), err)
	}
	return answers
}

// workspace makes a workspace whose clock stands at now and which limits no calls, and a
// client for it.
func workspace(t *testing.T, p rocketchattest.Profile, now time.Time) (*rocketchattest.Workspace, *http.Client) {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	w := rocketchattest.New(p)
	w.Configure(func(s *rocketchattest.Settings) {
		s.Now, s.Location, s.RateLimit, s.RequestLog = func() time.Time { return now }, location, rocketchattest.RateLimit{}, 0
	})
	transport := w.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	return w, &http.Client{Transport: transport}
}

// reply is what the double answers.
type reply struct {
	status               int
	Departments          []row
	Count, Offset, Total int
	Error, ErrorType     string
}

// row is a department of an answer.
type row struct {
	ID             *string `json:"_id"`
	AbandonedRooms int
	Rooms          int
}

func get(t *testing.T, client *http.Client, route, query string) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://chat.example.com"+paths[route], http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.URL.RawQuery = query
	request.Header = http.Header{"X-User-Id": {rocketchattest.UserID}, "X-Auth-Token": {rocketchattest.AuthToken}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	r := reply{status: response.StatusCode}
	if err := json.NewDecoder(response.Body).Decode(&r); err != nil {
		t.Fatalf("%s?%s: %v", route, query, err)
	}
	return r
}

func timeText(milliseconds int64) string {
	return time.UnixMilli(milliseconds).UTC().Format("2006-01-02T15:04:05.000Z")
}

func period(start, end int64) url.Values {
	return url.Values{"start": {timeText(start)}, "end": {timeText(end)}}
}
