// Package window holds the periods that chats are counted in: windows as they are
// configured, and the period that a window covers at a given moment.
package window

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v4"
)

// Limits of a configured window.
const (
	maxName    = 64 // Bytes.
	maxRefresh = 24 * time.Hour
	maxLength  = 10 * 365 * 24 * time.Hour
)

// Window is a period that moves with the clock. Exactly one of Duration and Calendar is
// set.
type Window struct {
	// Name is the value of the label window.
	Name string
	// Duration is the length of a rolling window, which ends now.
	Duration time.Duration
	// Calendar is the word of a calendar window, such as [Today].
	Calendar Calendar
	// Refresh is the least time between a good answer and the next request; 0 asks at
	// each scrape.
	Refresh time.Duration
}

// Period is from Start to End, both inclusive and in whole milliseconds, as the server
// compares them.
type Period struct {
	Start, End time.Time
}

// Period returns what the window covers at that moment. Calendar windows are cut in
// now's location. Changes of the clocks do not change the length of a rolling window.
func (w Window) Period(now time.Time) Period {
	now = now.Truncate(time.Millisecond)
	if w.Calendar != "" {
		return w.Calendar.period(now)
	}
	return Period{Start: now.Add(-w.Duration), End: now}
}

// Ended reports whether the period is over and a later one has begun, as a day is after
// midnight. A rolling window has no such end.
func (w Window) Ended(p Period, now time.Time) bool {
	return w.Calendar != "" && w.Period(now).Start.After(p.Start)
}

// SamePeriods reports whether two windows always cover the same period in one location.
func (w Window) SamePeriods(other Window) bool {
	return w.Duration == other.Duration && w.Calendar == other.Calendar
}

// fields are the keys of a window that is written as a mapping.
type fields struct {
	Name     string `yaml:"name,omitempty"`
	Duration string `yaml:"duration,omitempty"`
	Calendar string `yaml:"calendar,omitempty"`
	Refresh  string `yaml:"refresh,omitempty"`
}

// UnmarshalYAML reads a duration (6h), a calendar word (today), or a mapping of name,
// duration or calendar, and refresh. Without a name, the duration or word is the name.
func (w *Window) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return w.parse(node.Value)
	}
	if node.Kind != yaml.MappingNode {
		return errors.New("must be a duration such as 24h, a calendar word such as today, or a mapping of name, duration or calendar, and refresh")
	}
	var f fields
	targets := map[string]*string{"name": &f.Name, "duration": &f.Duration, "calendar": &f.Calendar, "refresh": &f.Refresh}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i].Value, node.Content[i+1]
		if targets[key] == nil {
			return fmt.Errorf("unknown key %q: the keys of a window are name, duration, calendar and refresh", key)
		}
		if value.Kind != yaml.ScalarNode {
			return fmt.Errorf("%s must be a single value", key)
		}
		*targets[key] = value.Value
	}
	isWord := slices.Contains(Calendars(), Calendar(cmp.Or(f.Calendar, f.Duration)))
	switch {
	case (f.Duration == "") == (f.Calendar == ""):
		return errors.New("must have either a duration or a calendar word")
	case f.Calendar != "" && !isWord:
		return fmt.Errorf("calendar must be one of %s, not %q", calendarWords(), f.Calendar)
	case f.Duration != "" && isWord:
		return fmt.Errorf("%q is not a duration: write calendar: %s", f.Duration, f.Duration)
	}
	if err := w.parse(f.Duration + f.Calendar); err != nil {
		return err
	}
	if f.Refresh != "" {
		refresh, err := model.ParseDuration(f.Refresh)
		if err != nil || time.Duration(refresh) > maxRefresh {
			return fmt.Errorf("refresh must be a duration of at most 1d, such as 5m, not %q", f.Refresh)
		}
		w.Refresh = time.Duration(refresh)
	}
	w.Name = cmp.Or(f.Name, w.Name)
	return w.checkName()
}

// parse reads a duration or a calendar word.
func (w *Window) parse(text string) error {
	if slices.Contains(Calendars(), Calendar(text)) {
		*w = Window{Name: text, Calendar: Calendar(text)}
		return nil
	}
	length, err := model.ParseDuration(text)
	switch {
	case err != nil:
		return fmt.Errorf("%q is neither a duration such as 24h or 7d nor one of %s", text, calendarWords())
	case length <= 0 || time.Duration(length) > maxLength:
		return errors.New("the duration must be more than 0 and at most 10 years")
	}
	*w = Window{Name: text, Duration: time.Duration(length)}
	return w.checkName()
}

// checkName fails if the name is no good value of a label.
func (w *Window) checkName() error {
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
	if w.Name == "" || len(w.Name) > maxName || !utf8.ValidString(w.Name) || strings.ContainsFunc(w.Name, unprintable) {
		return fmt.Errorf("the name must have 1 to %d bytes, all of them printable", maxName)
	}
	return nil
}

// MarshalYAML writes the window as [Window.UnmarshalYAML] reads it.
func (w Window) MarshalYAML() (any, error) {
	if short := (Window{}); w.Refresh == 0 && short.parse(w.Name) == nil && short.SamePeriods(w) {
		return w.Name, nil
	}
	f := fields{Name: w.Name, Calendar: string(w.Calendar)}
	if w.Duration > 0 {
		f.Duration = model.Duration(w.Duration).String()
	}
	if w.Refresh > 0 {
		f.Refresh = model.Duration(w.Refresh).String()
	}
	return f, nil
}
