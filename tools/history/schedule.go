package main

import "time"

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// scrape is a moment at which the pages are stored.
type scrape struct {
	at time.Time
	// whole is whether all series are stored. Of the weeks before the last day only
	// those of departments are: nobody looks back at the exporter's own for so long.
	whole bool
}

// schedule is when the pages are stored: every minute as far back as the exporter's
// dashboard looks, and often enough for an instant query over the days that the heat map looks at, and over
// the same day of the weeks before. Between these it is as seldom as an increase over
// an hour allows. A page is some seconds old when the history ends.
func schedule(now time.Time, w weather) []scrape {
	const (
		age    = 25 * time.Second
		margin = 90 * time.Minute // what a range or a window reaches back beyond that
		fine   = 6*time.Hour + 15*time.Minute
	)
	var list []scrape
	first := now.Add(-4*week - age)
	if w.since > 0 {
		first = now.Add(-w.since - age)
	}
	for at := first; !at.After(now); {
		back := now.Sub(at)
		if looked := back%week <= day+margin; looked || !w.sparse() {
			list = append(list, scrape{at: at, whole: back <= day+margin})
		}
		switch {
		case w.sparse() && back > 2*time.Hour:
			at = at.Add(15 * time.Minute)
		case w.sparse() && back > 10*time.Minute:
			at = at.Add(4 * time.Minute)
		case back <= fine:
			at = at.Add(time.Minute)
		case back <= 8*day+margin, back%week <= day+margin, week-back%week <= 15*time.Minute:
			at = at.Add(4 * time.Minute)
		default:
			at = at.Add(15 * time.Minute)
		}
	}
	return list
}
