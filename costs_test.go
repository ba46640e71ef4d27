package main

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"

	"livechat_exporter/internal/config"
)

func TestTheStartSaysInOneLineWhatTheConfigurationCosts(t *testing.T) {
	for name, tt := range map[string]struct {
		calls int
		want  string
	}{
		"with a limit": {
			calls: 10,
			want: `level=info msg="Calls of a round" workspaces=2 address=https://busy.example.com:443 calls=31 ` +
				`routes="amount-of-chats 20, department 1, total-abandoned-chats 10" rounds_per_minute=0.5 oldest_answer=4m0s`,
		},
		"without one": {
			calls: 0,
			want: `level=info msg="Calls of a round" workspaces=2 address=https://busy.example.com:443 calls=31 ` +
				`routes="amount-of-chats 20, department 1, total-abandoned-chats 10" rounds_per_minute="each scrape" oldest_answer="that of the scrape"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			limit := config.RateLimit{Calls: tt.calls, Per: time.Minute}
			cfg := &config.Config{Workspaces: []config.Workspace{
				{
					Name: "busy", URL: &url.URL{Scheme: "https", Host: "busy.example.com"}, RateLimit: limit, MaxAge: 5 * time.Minute,
					Windows: make([]config.Window, 10), Rooms: true, Departments: true,
				},
				{
					Name: "quiet", URL: &url.URL{Scheme: "https", Host: "quiet.example.com"}, RateLimit: limit, MaxAge: 5 * time.Minute,
					Windows: make([]config.Window, 1), Counter: true,
				},
			}}
			var logged bytes.Buffer
			logCosts(log.NewLogfmtLogger(&logged), cfg)
			if got := strings.TrimSpace(logged.String()); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}
