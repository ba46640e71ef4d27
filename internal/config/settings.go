package config

import (
	"cmp"
	"math"
	"strings"
	"time"
)

// The keys that stand at the top of the file, and in a workspace to replace the common
// ones there.
const (
	keyWindows           = "windows"
	keyTimezone          = "timezone"
	keyInactivityTimeout = "inactivity_timeout"
	keyCounter           = "counter"
	keyRooms             = "rooms"
	keyDepartments       = "departments"
	keyRateLimit         = "rate_limit"
	keyTimeout           = "timeout"
	keyMaxAge            = "max_age"
)

// settingKeys returns those keys.
func settingKeys() []string {
	return []string{
		keyWindows, keyTimezone, keyInactivityTimeout, keyCounter, keyRooms, keyDepartments,
		keyRateLimit, keyTimeout, keyMaxAge,
	}
}

// maxMaxAge bounds how old an answer may be shown. What is older than a day tells nobody
// how the workspace does.
const maxMaxAge = 24 * time.Hour

// settings holds the values of those keys; nil where a key is not there.
type settings struct {
	windows     *windowList
	location    *time.Location
	inactivity  *duration
	counter     *bool
	rooms       *bool
	departments *bool
	rateLimit   *rateLimit
	timeout     *time.Duration
	maxAge      *duration
}

// defaultSettings returns what holds where a key is neither common nor a workspace's own.
func defaultSettings() settings {
	windows := []Window{
		{Name: "6h", Duration: 6 * time.Hour},
		{Name: "24h", Duration: 24 * time.Hour},
		{Name: "7d", Duration: 7 * 24 * time.Hour},
		{Name: "today", Calendar: "today"},
	}
	return settings{
		windows:     &windowList{windows: windows, periods: make([]text, len(windows))},
		location:    time.UTC,
		inactivity:  &duration{text: text{written: "1h"}, Duration: time.Hour},
		counter:     new(true),
		rooms:       new(true),
		departments: new(true),
		rateLimit:   new(defaultRateLimit()),
		timeout:     new(30 * time.Second),
		maxAge:      &duration{text: text{written: "5m"}, Duration: 5 * time.Minute},
	}
}

// or returns s with the keys that are not there taken from other.
func (s settings) or(other settings) settings {
	return settings{
		windows:     cmp.Or(s.windows, other.windows),
		location:    cmp.Or(s.location, other.location),
		inactivity:  cmp.Or(s.inactivity, other.inactivity),
		counter:     cmp.Or(s.counter, other.counter),
		rooms:       cmp.Or(s.rooms, other.rooms),
		departments: cmp.Or(s.departments, other.departments),
		rateLimit:   cmp.Or(s.rateLimit, other.rateLimit),
		timeout:     cmp.Or(s.timeout, other.timeout),
		maxAge:      cmp.Or(s.maxAge, other.maxAge),
	}
}

// settings reads the keys that stand in fields. A key with a mistake is set all the
// same, to a value that leads to no second mistake.
func (r *reader) settings(fields map[string]value) settings {
	var s settings
	if v, ok := fields[keyWindows]; ok {
		s.windows = new(r.windows(v))
	}
	if v, ok := fields[keyTimezone]; ok {
		s.location = r.location(v)
	}
	if v, ok := fields[keyInactivityTimeout]; ok {
		d, _ := r.duration(v)
		s.inactivity = &d
	}
	for key, setting := range map[string]**bool{keyCounter: &s.counter, keyRooms: &s.rooms, keyDepartments: &s.departments} {
		if v, ok := fields[key]; ok {
			*setting = new(r.boolean(v))
		}
	}
	if v, ok := fields[keyRateLimit]; ok {
		s.rateLimit = new(r.rateLimit(v))
	}
	if v, ok := fields[keyTimeout]; ok {
		d, _ := r.durationWithin(v, bounds{most: math.MaxInt64, cure: "write how long one call of the API may take, such as 30s"})
		s.timeout = &d.Duration
	}
	if v, ok := fields[keyMaxAge]; ok {
		d, ok := r.durationWithin(v, bounds{most: maxMaxAge, cure: "write how old an answer may become that is still exported, such as 5m"})
		if !ok {
			d.Duration = math.MaxInt64
		}
		s.maxAge = &d
	}
	return s
}

// location loads a time zone by its IANA name. The result is never nil.
func (r *reader) location(v value) *time.Location {
	t, ok := r.text(v)
	if !ok {
		return time.UTC
	}
	const cure = "write an IANA name, such as Europe/Berlin or UTC"
	// These depend on the machine, or (right/...) count leap seconds.
	if name := t.content; name == "Local" || name == "localtime" || name == "posixrules" ||
		strings.HasPrefix(name, "posix/") || strings.HasPrefix(name, "right/") {
		r.failText(t, "%s does not mean the same on every machine: %s", t.shown(), cure)
		return time.UTC
	}
	location, err := time.LoadLocation(t.content)
	if err != nil {
		r.failText(t, "the time zone %s is unknown: %s", t.shown(), cure)
		return time.UTC
	}
	return location
}
