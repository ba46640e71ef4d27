package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// The keys of a window that is a mapping.
const (
	keyName     = "name"
	keyDuration = "duration"
	keyCalendar = "calendar"
)

// windowSchema returns the keys of a window that is a mapping.
func windowSchema() schema {
	return schema{keys: []string{keyName, keyDuration, keyCalendar}}
}

// maxNameBytes bounds a window's name, which is a label on many series.
const maxNameBytes = 64

// calendarPeriods returns the values that [Window.Calendar] can have.
func calendarPeriods() []string {
	return []string{"today", "yesterday", "this_week", "last_week", "this_month", "last_month"}
}

// window is a Window and the text of its period. The node of a default window, which
// stands nowhere in the file, is nil.
type window struct {
	Window
	period text
}

// windows reads the list of windows; those with a mistake are left out.
func (r *reader) windows(v value) []window {
	elements, ok := r.list(v)
	if !ok {
		return nil
	}
	if len(elements) == 0 {
		r.fail(v, "is empty: configure at least one window, such as [24h]")
	}
	var windows []window
	names, periods := map[string]value{}, map[Window]value{}
	for _, element := range elements {
		w, ok := r.window(element)
		if !ok {
			continue
		}
		period := Window{Duration: w.Duration, Calendar: w.Calendar}
		if first, ok := periods[period]; ok {
			r.fail(element, "is the same period as %s in line %d: remove one of them", first.key, first.line)
			continue
		}
		if first, ok := names[w.Name]; ok {
			r.fail(element, "has the same name as %s in line %d: give one of them another name", first.key, first.line)
			continue
		}
		periods[period], names[w.Name] = element, element
		windows = append(windows, w)
	}
	return windows
}

// window reads a window: a period, or a mapping with a period and perhaps a name.
func (r *reader) window(v value) (w window, ok bool) {
	if v.node.Kind != yaml.MappingNode {
		if w, ok = r.period(v, parsePeriod); !ok {
			return window{}, false
		}
		w.Name, ok = r.name(w.period)
		return w, ok
	}
	fields, ok := r.fields(v, windowSchema())
	if !ok {
		return window{}, false
	}
	length, hasLength := fields[keyDuration]
	calendar, hasCalendar := fields[keyCalendar]
	switch {
	case hasLength && hasCalendar:
		r.fail(v, "has both duration and calendar: remove one of them")
		return window{}, false
	case hasLength:
		w, ok = r.period(length, parseLength)
	case hasCalendar:
		w, ok = r.period(calendar, parseCalendar)
	default:
		r.fail(v, "has neither duration nor calendar: add one of them, such as duration: 24h or calendar: today")
		return window{}, false
	}
	name, nameOK := w.period, ok
	if configured, hasName := fields[keyName]; hasName {
		name, nameOK = r.text(configured)
	}
	if nameOK {
		w.Name, nameOK = r.name(name)
	}
	return w, ok && nameOK
}

// period reads a period as parse understands it. The window has no name yet.
func (r *reader) period(v value, parse func(text) (Window, error)) (w window, ok bool) {
	t, ok := r.text(v)
	if !ok {
		return window{}, false
	}
	period, err := parse(t)
	if err != nil {
		r.failText(t, "%v", err)
		return window{}, false
	}
	return window{Window: period, period: t}, true
}

// name returns t as the name of a window.
func (r *reader) name(t text) (name string, ok bool) {
	if err := checkName(t.content); err != nil {
		r.failText(t, "%v", err)
		return "", false
	}
	if r.holdsCredential(t.content) {
		r.failText(t, "the name is a user_id or auth_token of this file, or holds one, and would be a label: choose another")
		return "", false
	}
	return t.content, true
}

// parsePeriod understands what stands in the list of windows itself.
func parsePeriod(t text) (Window, error) {
	if slices.Contains(calendarPeriods(), t.content) {
		return Window{Calendar: t.content}, nil
	}
	if _, err := parseDuration(t); err == nil || lacksUnit(t) {
		return parseLength(t)
	}
	if likely := nearest(t.written, calendarPeriods()); likely != "" {
		return Window{}, fmt.Errorf("%s is not a window: did you mean %s?", t.shown(), likely)
	}
	return Window{}, fmt.Errorf("%s is not a window: %s; or one of %s",
		t.shown(), howToWriteDurations, strings.Join(calendarPeriods(), ", "))
}

// parseLength understands a duration.
func parseLength(t text) (Window, error) {
	length, err := parseDuration(t)
	if err != nil {
		return Window{}, err
	}
	if length == 0 {
		return Window{}, errors.New("must be longer than 0: write how far back the window reaches, such as 24h")
	}
	return Window{Duration: length}, nil
}

// parseCalendar understands the name of a calendar period.
func parseCalendar(t text) (Window, error) {
	if !slices.Contains(calendarPeriods(), t.content) {
		return Window{}, fmt.Errorf("%s is not a calendar period: write one of %s",
			t.shown(), strings.Join(calendarPeriods(), ", "))
	}
	return Window{Calendar: t.content}, nil
}

// checkName says what keeps name from being a window's label.
func checkName(name string) error {
	switch {
	case len(name) > maxNameBytes:
		return fmt.Errorf("the name is longer than %d bytes: write a shorter one", maxNameBytes)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(char rune) bool { return !unicode.IsPrint(char) }):
		return errors.New("the name holds a character that cannot be printed: write letters, digits, punctuation and spaces")
	case strings.TrimSpace(name) != name:
		return errors.New("the name begins or ends with a space: remove it")
	}
	return nil
}

// checkWindows refuses the windows of s in which the server can never count a chat. A
// chat counts when the visitor was silent for the timeout between its beginning and its
// end, and both lie inside the window; so it takes a window longer than the timeout.
func (r *reader) checkWindows(s settings) {
	const reason = "so the server can never count a chat in it: configure a longer window, " +
		"or set inactivity_timeout to the value of the server's Livechat_visitor_inactivity_timeout"
	for _, w := range *s.windows {
		switch {
		case w.Calendar != "" || w.Duration > s.inactivity.Duration:
		case w.period.node == nil:
			r.failText(s.inactivity.text, "the default window %s is not longer than %s, %s",
				w.Name, s.inactivity.shown(), reason)
		default:
			r.failText(w.period, "a window of %s is not longer than inactivity_timeout (%s), %s",
				w.period.shown(), s.inactivity.shown(), reason)
		}
	}
}
