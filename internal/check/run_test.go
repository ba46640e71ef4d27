package check_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/internal/check"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// hanging returns workspaces of different servers that never answer.
func hanging(n int) []check.Workspace {
	var all []check.Workspace
	for i := range n {
		ws := rocketchattest.New(rocketchattest.Latest)
		ws.Inject(nil, rocketchattest.Hang())
		w := configured()
		w.Name, w.Address = fmt.Sprint("w", i), fmt.Sprintf("http://chat%d.example.com:80", i)
		connect(&w, ws, nil)
		all = append(all, w)
	}
	return all
}

func TestServersAreTriedAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		report := check.Run(t.Context(), hanging(32), check.Options{Interval: time.Minute, TimeLimit: 2 * time.Minute, Now: time.Now})
		if took := time.Since(begin); took != 30*time.Second {
			t.Errorf("took %v, want the timeout of one call", took)
		}
		for i, ws := range report.Workspaces {
			if ws.Name != fmt.Sprint("w", i) || ws.Status != check.Failed || ws.Calls != 1 {
				t.Errorf("got %+v", ws)
			}
		}
	})
}

func TestTheWholeCheckIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		report := check.Run(t.Context(), hanging(200), check.Options{Interval: time.Minute, TimeLimit: 45 * time.Second, Now: time.Now})
		if took := time.Since(begin); took != 45*time.Second {
			t.Errorf("took %v, want the time limit", took)
		}
		untried, calls := 0, 0
		for _, ws := range report.Workspaces {
			reached := ws.Results[3]
			calls += ws.Calls
			if ws.Status != check.Failed || reached.Check != check.Reachability || reached.Status != check.Failed {
				t.Errorf("got %+v, want it to fail", ws)
			}
			if strings.Contains(reached.Action, "--time-limit") {
				untried++
			}
		}
		// 32 are tried for 30 s, and the next 32 until the time is up.
		if untried != 200-32 || calls != 64 {
			t.Errorf("%d say that the time was up and %d calls were sent, want all but the first 32, and 64", untried, calls)
		}
	})
}

func TestACheckThatIsInterruptedEndsAtOnceAndFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { interrupt(errors.New("interrupt")) })
		begin := time.Now()
		report := check.Run(ctx, hanging(50), check.Options{Interval: time.Minute, TimeLimit: time.Minute, Now: time.Now})
		if took := time.Since(begin); took != time.Second || report.Status != check.Failed || report.Calls != 32 {
			t.Errorf("took %v, is %s and sent %d calls, want 1s, failed and 32", took, report.Status, report.Calls)
		}
		for _, ws := range report.Workspaces {
			if got := ws.Results[3]; got.Found != "the check was interrupted" || got.Action != "check again" {
				t.Errorf("got %+v", got)
			}
		}
	})
}

func TestTextForATerminalHasColoursAndShortLines(t *testing.T) {
	report, _, _ := scenarios()["wrong token"].report(t, rocketchattest.Latest)
	var text strings.Builder
	if err := report.WriteText(&text, check.Style{Colour: true, Width: 100}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		shown := strings.NewReplacer("\x1b[32m", "", "\x1b[33m", "", "\x1b[31m", "", "\x1b[2m", "", "\x1b[0m", "", "\n", "").Replace(line)
		if len(shown) > 100 || strings.Contains(shown, "\x1b") {
			t.Errorf("%q is longer than 100 characters, or has another control character", shown)
		}
	}
	const want = "  \x1b[31mfailed \x1b[0m  account                HTTP 401: user id or auth token is wrong, expired or revoked\n" +
		"                                  no number can be had with this account\n" +
		"                                  -> make a new personal access token and configure it with its user\n" +
		"                                  id\n"
	if !strings.Contains(text.String(), want) {
		t.Errorf("got\n%s\nwant in it\n%s", &text, want)
	}
}

func TestTheSameIsToldInEveryStyle(t *testing.T) {
	for name, s := range scenarios() {
		report, _, _ := s.report(t, rocketchattest.Mid)
		var plain, wrapped strings.Builder
		_ = report.WriteText(&plain, check.Style{})
		_ = report.WriteText(&wrapped, check.Style{Width: 60})
		words := func(text string) string {
			return strings.Join(strings.Fields(strings.ReplaceAll(text, " | ", " ")), " ")
		}
		if words(plain.String()) != words(wrapped.String()) {
			t.Errorf("%s: got\n%s\nand\n%s", name, &plain, &wrapped)
		}
	}
}
