package main

import "time"

// weather is what is the matter in a history.
type weather struct {
	// quiet leaves out the departments that lose many visitors.
	quiet bool
	// dead is for how long the exporter has not answered at the end.
	dead time.Duration
	// lean is without the counter and the chats opened.
	lean bool
	// departments is how many "main" has, if not those of the demo.
	departments int
	// alone leaves out "partners", and third adds "agency".
	alone, third bool
	// since is when Prometheus began to scrape, before the end, if not weeks ago.
	since time.Duration
}

// weathers are those that dashboards are looked at in, by name.
var weathers = map[string]weather{
	"spike": {},
	"calm":  {quiet: true},
	"dead":  {dead: 40 * time.Minute},
	"off":   {lean: true},
	"one":   {quiet: true, departments: 1, alone: true},
	"many":  {departments: 500, alone: true},
	"three": {third: true},
	"first": {quiet: true, since: 3 * time.Hour},
}

// sparse is whether a history has only what the wall looks at: there are too many series
// for weeks of each minute.
func (w weather) sparse() bool { return w.departments > 100 }
