package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// The keys of a window that is a mapping.
const (
	keyName     = "name"
	keyDuration = "duration"
	keyCalendar = "calendar"
	keyRefresh  = "refresh"
)

// windowSchema returns the keys of a window that is a mapping.
func windowSchema() schema {
	return schema{keys: []string{keyName, keyDuration, keyCalendar, keyRefresh}}
}

// maxNameBytes bounds a window's name, which is a label on many series.
const maxNameBytes = 64

// maxRefresh bounds how seldom a window may be asked for. A day is the longest interval
// at which any window has something new to tell: each calendar period moves every day.
const maxRefresh = 24 * time.Hour

// calendarPeriods returns the values that [Window.Calendar] can have.
func calendarPeriods() []string {
	return []string{"today", "yesterday", "this_week", "last_week", "this_month", "last_month"}
}

// window is a Window and the text of its period.
type window struct {
	Window
	period text
}

// windowList holds windows, and the text of the period of each. The node of the text is
// nil in the default windows, which stand nowhere in the file.
type windowList struct {
	windows []Window
	periods []text
}

// windows reads the list of windows; those with a mistake are left out.
func (r *reader) windows(v value) windowList {
	elements, ok := r.list(v)
	if !ok {
		return windowList{}
	}
	if len(elements) == 0 {
		r.fail(v, "is empty: configure at least one window, such as [24h]")
	}
	var list windowList
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
		list.windows, list.periods = append(list.windows, w.Window), append(list.periods, w.period)
	}
	return list
}

// window reads a window: a period, or a mapping with a period and perhaps more.
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
	w, ok = r.periodOf(v, fields)
	refresh, refreshOK := r.refresh(fields)
	name, nameOK := r.nameOf(w, fields)
	w.Refresh, w.Name = refresh, name
	return w, ok && refreshOK && nameOK
}

// periodOf reads the period of the window v, which is a mapping of fields. The window has
// no name yet, and the zero value stands for a mistake.
func (r *reader) periodOf(v value, fields map[string]value) (w window, ok bool) {
	length, hasLength := fields[keyDuration]
	calendar, hasCalendar := fields[keyCalendar]
	switch {
	case hasLength && hasCalendar:
		r.fail(v, "has both duration and calendar: remove one of them")
	case hasLength:
		return r.period(length, parseLength)
	case hasCalendar:
		return r.period(calendar, parseCalendar)
	default:
		r.fail(v, "has neither duration nor calendar: add one of them, such as duration: 24h or calendar: today")
	}
	return window{}, false
}

// refresh reads the least interval between two questions about a window.
func (r *reader) refresh(fields map[string]value) (interval time.Duration, ok bool) {
	v, ok := fields[keyRefresh]
	if !ok {
		return 0, true
	}
	d, ok := r.durationWithin(v, bounds{
		zero: true, most: maxRefresh,
		cure: "write how long to wait before the window is asked for again, such as 5m",
	})
	return d.Duration, ok
}

// nameOf reads the name of w, which is the text of its period if there is none.
func (r *reader) nameOf(w window, fields map[string]value) (name string, ok bool) {
	t, ok := w.period, w.period.node != nil
	if configured, hasName := fields[keyName]; hasName {
		t, ok = r.text(configured)
	}
	if !ok {
		return "", false
	}
	return r.name(t)
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
	if r.credentials.in(t.content) {
		r.failText(t, "the name is a user_id, auth_token or password of this file, or holds one, and would be a label: choose another")
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

// windowsWithin is what checkWindows has looked at. Workspaces that leave both to the top
// of the file share them, and the mistakes in them are told once.
type windowsWithin struct {
	windows    *windowList
	inactivity *duration
}

// checkWindows refuses the windows of s in which the server can never count a chat. A
// chat counts when the visitor was silent for the timeout between its beginning and its
// end, and both lie inside the window; so it takes a window longer than the timeout.
func (r *reader) checkWindows(s settings) {
	pair := windowsWithin{s.windows, s.inactivity}
	if r.checked[pair] {
		return
	}
	r.checked[pair] = true
	const reason = "so the server can never count a chat in it: configure a longer window, " +
		"or set inactivity_timeout to the value of the server's Livechat_visitor_inactivity_timeout"
	for i, w := range s.windows.windows {
		switch period := s.windows.periods[i]; {
		case w.Calendar != "" || w.Duration > s.inactivity.Duration:
		case r.full():
			r.untold++
		case period.node == nil:
			r.failText(s.inactivity.text, "the default window %s is not longer than %s, %s",
				w.Name, s.inactivity.shown(), reason)
		default:
			r.failText(period, "a window of %s is not longer than inactivity_timeout (%s), %s",
				period.shown(), s.inactivity.shown(), reason)
		}
	}
}
