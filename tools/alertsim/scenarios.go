package main

import (
	"fmt"
	"time"
)

var (
	small    = desk{departments: 1, chats: 50, share: 0.05, dayCV: 0.2, closing: automatic}
	medium   = desk{departments: 1, chats: 150, share: 0.05, dayCV: 0.2, closing: automatic}
	large    = desk{departments: 1, chats: 500, share: 0.05, dayCV: 0.2, closing: automatic}
	largeAt8 = desk{departments: 1, chats: 500, share: 0.08, dayCV: 0.2, closing: automatic}
	ten      = desk{departments: 10, chats: 50, share: 0.05, dayCV: 0.2, closing: automatic}

	// tripled for hours and for days, and a flood of visitors at an unchanged share.
	hoursLong = rise{length: 3 * time.Hour, share: 3, chats: 1}
	daysLong  = rise{length: 3 * day, share: 3, chats: 1}
	flood     = rise{length: 3 * time.Hour, share: 1, chats: 3}
)

// quietDesks are those of docs/alerts.md on which nothing happens.
var quietDesks = []scenario{
	{name: "50 chats a day, 5 %", desk: small},
	{name: "150, 5 %", desk: medium},
	{name: "500, 5 %", desk: large},
	{name: "500, 8 %", desk: largeAt8},
	{name: "ten departments of 50, 5 %", desk: ten},
	{name: "150, closed at the end of a shift", desk: with(medium, func(d *desk) { d.closing = shiftEnd })},
	{name: "500, closed at the end of a shift", desk: with(large, func(d *desk) { d.closing = shiftEnd })},
	{name: "500, a holiday a month", desk: with(large, func(d *desk) { d.holiday = true })},
	{name: "500, shares of days differ by 20 % too", desk: with(large, func(d *desk) { d.shareCV = 0.2 })},
}

// risingDesks are those on which something happens.
var risingDesks = []scenario{
	{name: "500, 5 %", desk: large, rise: hoursLong},
	{name: "500, 8 %", desk: largeAt8, rise: hoursLong},
	{name: "ten departments of 50, all of them", desk: ten, rise: hoursLong},
	{name: "150, 5 %", desk: medium, rise: hoursLong},
	{name: "50, 5 %", desk: small, rise: daysLong},
	{name: "150, 5 %", desk: medium, rise: daysLong},
	{name: "500, 5 %", desk: large, rise: flood},
	{name: "500, closed at the end of a shift", desk: with(large, func(d *desk) { d.closing = shiftEnd }), rise: hoursLong},
}

func with(d desk, change func(*desk)) desk {
	change(&d)
	return d
}

// scenarios are those of a desk that the flags describe.
func (d desk) scenarios() (quiet, rising []scenario) {
	name := fmt.Sprintf("%d x %.0f chats a day, %.1f %%", d.departments, d.chats, 100*d.share)
	quiet = []scenario{{name: name, desk: d}}
	for _, r := range []rise{hoursLong, daysLong, flood} {
		rising = append(rising, scenario{name: name, desk: d, rise: r})
	}
	return quiet, rising
}

// String names what happens.
func (r rise) String() string {
	if r.length == 0 {
		return "nothing"
	}
	what := fmt.Sprintf("%g times the share", r.share)
	if r.share == 1 {
		what = fmt.Sprintf("%g times the chats", r.chats)
	}
	if r.length >= day {
		return fmt.Sprintf("%s for %.0f days", what, r.length.Hours()/24)
	}
	return fmt.Sprintf("%s for %.0f hours", what, r.length.Hours())
}
