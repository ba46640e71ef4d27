package rocketchat_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

func TestEveryReleaseTellsItsVersionAndItsTimeToEverybody(t *testing.T) {
	for name, want := range map[string]string{"old": "6.13", "mid": "8.0", "new": "8.8"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ws := rocketchattest.New(profiles[name])
				ws.Configure(func(s *rocketchattest.Settings) {
					s.Licensed, s.Permissions = false, nil
					s.Now = func() time.Time { return time.Now().Add(time.Hour) }
				})
				client, observed := connect(t, ws, func(o *rocketchat.Options) {
					unreadable := func() (string, error) { return "", errors.New("no such file") }
					o.Credentials = rocketchat.AccessToken(unreadable, unreadable)
				})
				got, err := client.Info(t.Context())
				if err != nil || got.Version != want || !got.Time.Equal(time.Now().Add(time.Hour)) {
					t.Errorf("got %+v, error %v, want %s and an hour ahead", got, err, want)
				}
				request := ws.Requests()[0]
				if request.Path != "/api/info" || request.Header.Get("X-Auth-Token") != "" || request.Header.Get("X-User-Id") != "" {
					t.Errorf("asked with %+v", request)
				}
				observed.want(t, "one question", "info ok")
			})
		})
	}
}

func TestAnAnswerWithoutADateTellsNoTime(t *testing.T) {
	for _, date := range []string{"", "yesterday"} {
		ws := rocketchattest.New(rocketchattest.Latest)
		client, _ := connect(t, ws, func(o *rocketchat.Options) { o.Transport = dated{o.Transport, date} })
		if got, err := client.Info(t.Context()); err != nil || got.Version != "8.8" || !got.Time.IsZero() {
			t.Errorf("date %q: got %+v, error %v, want no time", date, got, err)
		}
	}
}

// dated gives answers another date than the server's.
type dated struct {
	http.RoundTripper

	date string
}

func (d dated) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := d.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Header.Set("Date", d.date)
	}
	return response, err
}

func TestFailuresOfInfoSayWhatToDo(t *testing.T) {
	body := func(body string) rocketchattest.Fault { return rocketchattest.RespondJSON(http.StatusOK, body) }
	failures(t, "info", func(t *testing.T, client *rocketchat.Client, _ *rocketchat.Question) error {
		t.Helper()
		got, err := client.Info(t.Context())
		if got != (rocketchat.Info{}) {
			t.Errorf("got %+v with error %v", got, err)
		}
		return err
	}, map[string]failure{
		"a web page":            {fault: rocketchattest.HTML(), outcome: rocketchat.NotFound, message: "check url (without /api/v1)"},
		"not found":             {fault: rocketchattest.Respond(404, "text/plain", "404 Not Found"), outcome: rocketchat.NotFound, message: "check url (without /api/v1)"},
		"a redirect":            {fault: rocketchattest.Redirect(302, "https://chat.example.org/api/info"), outcome: rocketchat.Redirected, message: "configure the final https URL"},
		"a gateway":             {fault: rocketchattest.BadGateway(), outcome: rocketchat.ServerError, message: "look at its logs"},
		"forbidden":             {fault: rocketchattest.Respond(403, "text/html", ""), outcome: rocketchat.Forbidden, message: "check that no proxy before the workspace refuses it"},
		"no version":            {fault: body(`{"success":true}`), outcome: rocketchat.BadResponse, message: "has no version"},
		"a version of its kind": {fault: body(`{"version":"<script>"}`), outcome: rocketchat.BadResponse, message: "has no version"},
	})
}

func TestInfoIsPartOfTheBudget(t *testing.T) {
	client, _ := connect(t, rocketchattest.New(rocketchattest.Latest), func(o *rocketchat.Options) {
		o.Budget = rocketchat.NewBudgets(time.Now).Server("http://chat.example.com:80", rocketchat.Limit{Calls: 1, Per: time.Minute})
	})
	if _, err := client.Info(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := client.Info(t.Context()); !errors.Is(err, rocketchat.ErrBudgetSpent) || !strings.HasPrefix(err.Error(), "info: ") {
		t.Errorf("got %v, want ErrBudgetSpent", err)
	}
}
