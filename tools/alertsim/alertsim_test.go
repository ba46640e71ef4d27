package main

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

var shipped = files{rules: "../../alerts/livechat.rules.yml", routes: "../../alerts/alertmanager.yml"}

// The figures of the shipped rules on few months. The limits are wide enough for chance and
// narrow enough for a rule that fires every week or sees nothing.
func TestShippedRules(t *testing.T) {
	t.Parallel()
	s := settings{files: shipped, months: 16, weeks: 4, seed: 1, interval: 15 * time.Minute}
	for name, test := range map[string]struct {
		scenario
		notifications, seen float64
	}{
		"500 chats a day":      {scenario{desk: large}, 1.2, 0},
		"150 chats a day":      {scenario{desk: medium}, 1, 0},
		"a rise of hours":      {scenario{desk: largeAt8, rise: hoursLong}, math.Inf(1), 0.7},
		"a rise of three days": {scenario{desk: medium, rise: daysLong}, math.Inf(1), 0.8},
		"a flood":              {scenario{desk: large, rise: flood}, math.Inf(1), 0.25},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := s.judge(t.Context(), test.scenario)
			if err != nil {
				t.Fatal(err)
			}
			if c.notifications > test.notifications || c.seenShare() < test.seen {
				t.Errorf("%.2f notifications a month, %.0f %% of %d rises seen; want %.2f at most, and %.0f %% at least",
					c.notifications, 100*c.seenShare(), c.rises, test.notifications, 100*test.seen)
			}
		})
	}
}

// A chat is in a window while it was opened in it, and abandoned from its closing on.
func TestExport(t *testing.T) {
	t.Parallel()
	g := grid{from: epoch, to: epoch.Add(day), step: 15 * time.Minute}
	m := newMemory()
	g.export(m, "w", "d", []chat{
		{opened: epoch.Add(time.Hour), closed: epoch.Add(3 * time.Hour), abandoned: true},
		{opened: epoch.Add(time.Hour), closed: epoch.Add(8 * time.Hour), abandoned: true},
		{opened: epoch.Add(2 * time.Hour)},
	})
	for at, want := range map[time.Duration][3]float64{
		45 * time.Minute:                {0, 0, 0},
		2 * time.Hour:                   {3, 0, 0},
		3 * time.Hour:                   {3, 1, 1},
		7 * time.Hour:                   {3, 1, 1},
		7*time.Hour + scrapeInterval*15: {1, 0, 1},
		8 * time.Hour:                   {1, 0, 2},
	} {
		var got [3]float64
		for i, metric := range []string{"livechat_department_rooms", "livechat_department_abandoned_rooms", "livechat_department_abandonments_total"} {
			for _, s := range m.byName[metric] {
				if window := s.labels.Get("window"); window == "" || window == "6h" {
					got[i] = s.values[int64(at/time.Millisecond)/s.step]
				}
			}
		}
		if got != want {
			t.Errorf("after %s: got %v, want %v", at, got, want)
		}
	}
}

// The chats of days differ as they should, and no chat is closed before it can be abandoned.
func TestTraffic(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	const weeks = 40
	chats := large.traffic(random, epoch, epoch.Add(weeks*week), nil)[0]
	perDay, abandoned := make(map[int]float64), 0.0
	for _, c := range chats {
		if c.opened.Weekday() != time.Saturday && c.opened.Weekday() != time.Sunday {
			perDay[int(c.opened.Sub(epoch)/day)]++
		}
		if c.abandoned {
			abandoned++
			if c.closed.Sub(c.opened) < inactivityTimeout {
				t.Fatalf("opened %s and closed %s", c.opened, c.closed)
			}
		}
	}
	var sum, squares float64
	for _, n := range perDay {
		sum, squares = sum+n, squares+n*n
	}
	mean := sum / float64(len(perDay))
	cv := math.Sqrt(squares/float64(len(perDay))-mean*mean) / mean
	if mean < 470 || mean > 530 || cv < 0.17 || cv > 0.24 || math.Abs(abandoned/float64(len(chats))-0.05) > 0.005 {
		t.Errorf("%.0f chats a day with a variation of %.2f, %.3f abandoned", mean, cv, abandoned/float64(len(chats)))
	}
}

// New alerts of a group are one notification; what another alert explains is none.
func TestNotifications(t *testing.T) {
	t.Parallel()
	routes, err := readRouting(shipped.routes)
	if err != nil {
		t.Fatal(err)
	}
	alert := func(name, department string) labels.Labels {
		return labels.FromStrings("alertname", name, "job", "livechat", "instance", "w", "department_id", department, "audience", "shift")
	}
	n := notifier{routing: routes}
	for i, firing := range [][]labels.Labels{
		{alert("LivechatAbandonmentRise", "a"), alert("LivechatAbandonmentRise", "b")},
		{alert("LivechatAbandonmentRise", "a"), alert("LivechatAbandonmentRise", "b")},
		{alert("LivechatAbandonmentSpike", "a"), alert("LivechatAbandonmentFlood", "a")},
		{alert("LivechatAbandonmentSpikeWorkspace", ""), alert("LivechatAbandonmentSpike", "b")},
	} {
		n.at(epoch.Add(time.Duration(i)*time.Hour), firing)
	}
	if len(n.sent) != 3 || len(n.sent[0].alerts) != 2 || n.sent[1].alerts[0] != "LivechatAbandonmentSpike" || n.sent[2].alerts[0] != "LivechatAbandonmentSpikeWorkspace" {
		t.Errorf("got %+v", n.sent)
	}
}
