package rocketchat_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

func TestAnErrorTellsWhatHappenedApartFromWhatToDo(t *testing.T) {
	const generic = "check that url leads to Rocket.Chat and that no proxy answers in its place"
	for name, tt := range map[string]struct {
		fault      rocketchattest.Fault
		what, cure string
	}{
		"a token":      {rocketchattest.RespondJSON(http.StatusUnauthorized, "{}"), "HTTP 401: user id or auth token is wrong, expired or revoked", "make a new personal access token and configure it with its user id"},
		"a permission": {rocketchattest.RespondJSON(http.StatusForbidden, "{}"), "HTTP 403: the account lacks the permission view-livechat-manager", "give it a role that has it (livechat-manager or livechat-monitor)"},
		"a licence":    {rocketchattest.RespondJSON(http.StatusBadRequest, `{"errorType":"error-action-not-allowed"}`), "HTTP 400: the workspace has no active premium licence with livechat-enterprise, which this route needs", ""},
		"a redirect":   {rocketchattest.Redirect(http.StatusFound, "https://chat.example.org/x"), "HTTP 302: redirects to https://chat.example.org, which is never followed", "the server forces TLS (Force_SSL) or url is wrong; configure the final https URL"},
		"words of the server": {
			rocketchattest.RespondJSON(http.StatusInternalServerError, `{"error":"one: two: three"}`),
			`HTTP 500: the workspace or a proxy before it fails ("one: two: three")`, "look at its logs",
		},
		"a blank page":        {rocketchattest.Blank(), "HTTP 200: the answer is blank", generic},
		"a closed connection": {rocketchattest.CloseConnection(), "EOF", "check url, name resolution, firewall and TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			ws := rocketchattest.New(rocketchattest.Latest)
			ws.Inject(nil, tt.fault)
			client, _ := connect(t, ws)
			_, err := lastDay(t.Context(), client, new(rocketchat.Question))
			failed, ok := errors.AsType[*rocketchat.Error](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			if what, cure := failed.Parts(); what != tt.what || cure != tt.cure {
				t.Errorf("got %q and %q\nwant %q and %q", what, cure, tt.what, tt.cure)
			}
		})
	}
}

func TestACallTellsTheLimitAndTheTimeOfItsAnswer(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Latest)
	client, observed := connect(t, ws)
	_, _ = lastDay(t.Context(), client, new(rocketchat.Question))
	ws.Configure(func(s *rocketchattest.Settings) {
		s.Permissions = append(s.Permissions, rocketchattest.BypassRateLimit)
	})
	_, _ = lastDay(t.Context(), client, new(rocketchat.Question))
	limited, unlimited := observed.list[0], observed.list[1]
	if !limited.Reached || limited.Limit != 10 || limited.Date.IsZero() || unlimited.Limit != -1 {
		t.Errorf("got %+v and %+v, want a limit of 10 with a date, and none", limited, unlimited)
	}
}

func TestACallThatGotNoConnectionReachedNobody(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Latest)
	client, observed := connect(t, ws, func(o *rocketchat.Options) {
		o.Transport = &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no route to host") }}
	})
	_, _ = lastDay(t.Context(), client, new(rocketchat.Question))
	if got := observed.list[0]; got.Reached || got.Outcome != rocketchat.Network {
		t.Errorf("got %+v, want that nobody was reached", got)
	}
}
