package config

import (
	"cmp"
	"strings"
	"time"
)

// The keys that stand at the top of the file, and in a workspace to replace the common
// ones there.
const (
	keyWindows           = "windows"
	keyTimezone          = "timezone"
	keyInactivityTimeout = "inactivity_timeout"
	keyTimeout           = "timeout"
)

// settings holds the values of those keys; nil where a key is not there.
type settings struct {
	windows    *[]window
	location   *time.Location
	inactivity *duration
	timeout    *time.Duration
}

// defaultSettings returns what holds where a key is neither common nor a workspace's own.
func defaultSettings() settings {
	return settings{
		windows: &[]window{
			{Window: Window{Name: "6h", Duration: 6 * time.Hour}},
			{Window: Window{Name: "24h", Duration: 24 * time.Hour}},
			{Window: Window{Name: "7d", Duration: 7 * 24 * time.Hour}},
			{Window: Window{Name: "today", Calendar: "today"}},
		},
		location:   time.UTC,
		inactivity: &duration{text: text{written: "1h"}, Duration: time.Hour},
		timeout:    new(30 * time.Second),
	}
}

// or returns s with the keys that are not there taken from other.
func (s settings) or(other settings) settings {
	return settings{
		windows:    cmp.Or(s.windows, other.windows),
		location:   cmp.Or(s.location, other.location),
		inactivity: cmp.Or(s.inactivity, other.inactivity),
		timeout:    cmp.Or(s.timeout, other.timeout),
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
	if v, ok := fields[keyTimeout]; ok {
		d, ok := r.duration(v)
		if ok && d.Duration == 0 {
			r.failText(d.text, "must be more than 0: write how long one call of the API may take, such as 30s")
		}
		s.timeout = &d.Duration
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
