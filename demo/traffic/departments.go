package traffic

import (
	"fmt"
	"math"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// Department is a department of the simulated company, or the chats of none, and
// what its days are like.
type Department struct {
	rocketchattest.Department

	// chats is how many chats begin on a Wednesday.
	chats float64
	// weekend is the share of them that begins on a Saturday or Sunday.
	weekend float64
	// rhythm spreads them over the day.
	rhythm rhythm
	// silent is the share of chats whose visitor goes silent after an agent's
	// answer and does not come back.
	silent float64
}

// Departments are those of the simulated company. Their ids are always the same,
// so that a dashboard survives a restart.
func Departments() []Department {
	named := func(id, name string) rocketchattest.Department {
		return rocketchattest.Department{ID: id, Name: name}
	}
	return []Department{
		{named("kT6mQ2xRb9WfYc3Zs", "Sales"), 260, 0.25, office, 0.07},
		{named("Hn4vPzL8dJqX5aRtE", "Technical Support"), 340, 0.45, allDay, 0.14},
		{named("w7CgSe3NyKpBu6MhT", "Billing"), 180, 0.10, office, 0.06},
		{named("QxD5rFa9ZoWi2LtJb", "Orders and Shipping"), 290, 0.40, evening, 0.09},
		{named("3sYvMk8GcRnHe7PqA", "Returns and Refunds"), 170, 0.35, evening, 0.11},
		{named("bE9uXw4TjCfSz6NdK", "Account and Login"), 210, 0.60, allDay, 0.16},
		{named("Lp2hRq7YmBvJg5WxD", "Business Customers"), 120, 0.03, office, 0.04},
		{named("zA8nTc6KeFsPy3HuQ", "Onboarding"), 70, 0.05, office, 0.08},
		{named("G4iWd9MrXtZbo5CvS", "Product Advice"), 150, 0.50, evening, 0.12},
		{rocketchattest.Department{}, 90, 0.40, allDay, 0.10},
	}
}

// Branches are n small departments, with an eighth of the chats.
func Branches(n int) []Department {
	all := Departments()
	list := make([]Department, n)
	for i := range list {
		list[i] = all[i%(len(all)-1)]
		list[i].chats /= 8
		if i >= len(all)-1 {
			list[i].ID = fmt.Sprintf("%s%03d", list[i].ID[:14], i)
			list[i].Name = fmt.Sprintf("%s, branch %d", list[i].Name, i)
		}
	}
	return list
}

// rates are what a department's chats are like at one time.
type rates struct {
	// chats is how many begin in an hour.
	chats float64
	// silent is the share whose visitor goes silent and does not come back.
	silent float64
	// waiting is the share that no agent answers before the visitor gives up.
	waiting float64
}

// ratesAt are the rates at a time, by the clock of that time's zone.
func (d *Department) ratesAt(t time.Time) rates {
	hour := float64(t.Hour()) + float64(t.Minute())/60
	share := d.rhythm(hour)
	r := rates{
		chats:   d.chats * d.weekday(t.Weekday()) * share,
		silent:  d.silent * (0.75 + 4*share), // The busier the agents, the later they answer.
		waiting: 0.04,
	}
	if hour < 7 || hour >= 21 {
		r.waiting = 0.3 // Few agents are there to answer.
	}
	return r
}

// weekday is how many chats a day has, compared with a Wednesday.
func (d *Department) weekday(day time.Weekday) float64 {
	switch day {
	case time.Saturday:
		return d.weekend
	case time.Sunday:
		return d.weekend * 0.8
	case time.Monday:
		return 1.25
	case time.Friday:
		return 0.85
	default:
		return 1
	}
}

// rhythm is the share of a day's chats that begins in the hour around an hour of
// the day: over a day it adds up to about 1.
type rhythm func(hour float64) float64

// office is busy in the morning and the afternoon, and nearly silent at night.
func office(hour float64) float64 {
	return 0.45*peak(hour, 10, 1.3) + 0.52*peak(hour, 14.5, 1.8) + 0.03/24
}

// evening is private people's: after the morning, most come after work.
func evening(hour float64) float64 {
	return 0.3*peak(hour, 11, 1.8) + 0.25*peak(hour, 15, 1.8) + 0.38*peak(hour, 19.5, 1.6) + 0.07/24
}

// allDay never stops, but sleeps more at night.
func allDay(hour float64) float64 {
	return 0.35*peak(hour, 10, 2) + 0.3*peak(hour, 15, 2.2) + 0.15*peak(hour, 20, 1.8) + 0.2/24
}

// peak is a bell of the area 1 around an hour of the day.
func peak(hour, centre, width float64) float64 {
	distance := (hour - centre) / width
	return math.Exp(-distance*distance/2) / (width * math.Sqrt(2*math.Pi))
}
