package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/demo/traffic"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

var (
	abandonedDesc = desc("livechat_department_abandoned_rooms", "department_id", "window")
	counterDesc   = desc("livechat_department_abandonments_total", "department_id")
	periodDesc    = desc("livechat_abandonments_period_start_timestamp_seconds")
	roomsDesc     = desc("livechat_department_rooms", "department_id", "window")
	awaitingDesc  = desc("livechat_department_rooms_awaiting_reply", "department_id", "window")
	waitingDesc   = desc("livechat_chats_waiting")
	statusDesc    = desc("livechat_agents", "status")
	infoDesc      = desc("livechat_department_info", "department_id", "department")
	enabledDesc   = desc("livechat_department_enabled", "department_id")
	agentsDesc    = desc("livechat_department_agents", "department_id")
	liveDesc      = desc("livechat_up")
	successDesc   = desc("livechat_refresh_success", "resource", "window")
	askedDesc     = desc("livechat_refresh_timestamp_seconds", "resource", "window")
	completeDesc  = desc("livechat_refresh_complete", "resource", "window")
	startDesc     = desc("livechat_window_start_timestamp_seconds", "resource", "window")
	endDesc       = desc("livechat_window_end_timestamp_seconds", "resource", "window")
	timeoutDesc   = desc("livechat_visitor_inactivity_timeout_seconds")
)

func desc(name string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, "As the exporter has it.", labels, nil)
}

// maxAge is how old an answer may be to be on a page.
const maxAge = 5 * time.Minute

// page is the exporter's page of a workspace at a moment.
type page struct {
	scrape

	workspace *workspace
	state     map[resource]state
}

// Describe implements prometheus.Collector.
func (p *page) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		abandonedDesc, counterDesc, periodDesc, roomsDesc, awaitingDesc, waitingDesc, statusDesc, infoDesc, enabledDesc, agentsDesc, liveDesc,
		successDesc, askedDesc, completeDesc, startDesc, endDesc, timeoutDesc,
	} {
		ch <- d
	}
	p.workspace.calls.Describe(ch)
}

// Collect implements prometheus.Collector.
func (p *page) Collect(ch chan<- prometheus.Metric) {
	for r, s := range p.state {
		if p.at.Sub(s.asked) <= maxAge {
			p.answer(ch, r, s.asked)
			p.live(ch, r, s.asked)
		}
	}
	for id, name := range p.workspace.departments {
		ch <- gauge(infoDesc, 1, id, name)
	}
	if p.whole {
		p.refreshes(ch)
	}
}

// refreshes writes what is not of departments.
func (p *page) refreshes(ch chan<- prometheus.Metric) {
	up := 0.0
	for r, s := range p.state {
		ch <- gauge(successDesc, number(!s.failing), r.name, r.window)
		ch <- gauge(askedDesc, seconds(s.asked), r.name, r.window)
		if p.at.Sub(s.asked) > maxAge {
			continue
		}
		ch <- gauge(completeDesc, 1, r.name, r.window)
		if r.window != "" {
			start, end := r.period(s.asked)
			ch <- gauge(startDesc, seconds(start), r.name, r.window)
			ch <- gauge(endDesc, seconds(end), r.name, r.window)
		}
		if r.name == "abandoned_rooms" && !s.failing {
			up = 1
		}
	}
	ch <- gauge(liveDesc, up)
	ch <- gauge(timeoutDesc, traffic.InactivityTimeout.Seconds())
	p.workspace.calls.Collect(ch)
}

// answer writes the departments' numbers of a good answer.
func (p *page) answer(ch chan<- prometheus.Metric, r resource, asked time.Time) {
	if r.name == "abandonments" {
		ch <- gauge(periodDesc, seconds(monthOf(asked)))
	}
	for id := range p.workspace.departments {
		l := p.workspace.ledgers[id]
		start, end := r.period(asked)
		switch r.name {
		case "abandoned_rooms":
			ch <- gauge(abandonedDesc, float64(l.abandonedIn(start, end)), id, r.window)
		case "rooms":
			ch <- gauge(roomsDesc, float64(l.openedIn(start, end)), id, r.window)
			ch <- gauge(awaitingDesc, float64(l.awaitingIn(start, end)), id, r.window)
		case "abandonments":
			ch <- counter(counterDesc, float64(l.abandonments(asked)), id)
		case "departments":
			if id != none {
				ch <- gauge(enabledDesc, 1, id)
				ch <- gauge(agentsDesc, float64(3+len(p.workspace.departments[id])%9), id)
			}
		}
	}
}

// live writes the numbers of the workspace at the moment of a good answer.
func (p *page) live(ch chan<- prometheus.Metric, r resource, asked time.Time) {
	switch r.name {
	case "chats_waiting":
		n := 0
		for _, l := range p.workspace.ledgers {
			n += l.queuedAt(asked)
		}
		ch <- gauge(waitingDesc, float64(n))
	case "agents":
		n := map[rocketchattest.Presence]int{}
		for _, a := range p.workspace.company.Agents(asked) {
			n[a.Presence]++
		}
		for presence, status := range map[rocketchattest.Presence]string{
			rocketchattest.Online: "available", rocketchattest.Busy: "busy", rocketchattest.Away: "away", rocketchattest.Offline: "offline",
		} {
			ch <- gauge(statusDesc, float64(n[presence]), status)
		}
	}
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func seconds(t time.Time) float64 {
	return float64(t.UnixMilli()) / 1e3
}
