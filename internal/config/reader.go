package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v4"
)

// reader walks a parsed file. Its methods return what they could read and note what is
// wrong; ok is false where nothing could be read, and then a mistake has been noted.
type reader struct {
	file      string
	dir       string // What relative file names in the file are relative to.
	lookupEnv func(string) (string, bool)
	mistakes  []*Error
	untold    int // How many mistakes there are beyond those.

	credentials knownCredentials // No name may hold one.
	checked     map[windowsWithin]bool
}

// value is a node of the file, the line to report it by, and the key path to it.
type value struct {
	node *yaml.Node
	line int
	key  string
}

// entry is a key of a mapping with its value.
type entry struct {
	name string
	value
}

// text is a scalar.
type text struct {
	value
	written   string   // As the file has it, but for names of variables that are not shown.
	content   string   // With variables replaced; never shown if there are any.
	variables []string // The names of the variables that are replaced in it.
}

// shown returns the text as the file has it, to be shown in a message. It must not be
// called for a credential.
func (t text) shown() string {
	const most = 64
	if len(t.written) > most {
		return strconv.Quote(strings.ToValidUTF8(t.written[:most], "")) + "..."
	}
	return strconv.Quote(t.written)
}

// failText notes a mistake in the content of t, and which variables to look at.
func (r *reader) failText(t text, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if len(t.variables) > 0 {
		message += " (with the value of " + shownVariables(t.variables) + ")"
	}
	r.fail(t.value, "%s", message)
}

// child returns the key path of an entry of v, or v's own where the name is not shown.
func (r *reader) child(v value, name string) string {
	switch {
	case !r.shows(name):
		return v.key
	case strings.Contains(name, "."):
		return v.key + "[" + strconv.Quote(name) + "]"
	case v.key == "":
		return name
	default:
		return v.key + "." + name
	}
}

// isNull reports whether nothing was written where a value belongs.
func isNull(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.Tag == "!!null" && node.Style&yaml.TaggedStyle == 0
}

// usable refuses a value that is not there, and the YAML that this file does not need.
// A token can begin with the character that starts any of these.
func (r *reader) usable(v value) bool {
	switch {
	case v.node.Kind == yaml.AliasNode:
		r.fail(v, "an alias is not supported: write the value out; quote a value that begins with *")
	case v.node.Anchor != "":
		r.fail(v, "an anchor is not supported: remove it; quote a value that begins with &")
	case v.node.Style&yaml.TaggedStyle != 0 || v.node.Tag == "!":
		r.fail(v, "a tag is not supported: remove it; quote a value that begins with !")
	case isNull(v.node):
		r.fail(v, "has no value: give it one, or remove the key")
	default:
		return true
	}
	return false
}

// kind names what a node is in the words of the documentation.
func kind(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	default:
		return "a single value"
	}
}

// entries returns the keys of a mapping and their values in the order of the file.
// Keys that cannot be used, or stand there twice, are noted and left out.
func (r *reader) entries(v value) (entries []entry, ok bool) {
	if !r.usable(v) {
		return nil, false
	}
	if v.node.Kind != yaml.MappingNode {
		r.fail(v, "must be a mapping (key: value), not %s", kind(v.node))
		return nil, false
	}
	lines := map[string]int{}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key := v.node.Content[i]
		at := value{node: key, line: key.Line, key: v.key}
		switch {
		case key.Tag == "!!merge":
			r.fail(at, "a merge key (<<) is not supported: write the keys out")
			continue
		case isNull(key):
			r.fail(at, "a key is missing before the colon")
			continue
		case !r.usable(at):
			continue
		case key.Kind != yaml.ScalarNode:
			r.fail(at, "a key must be a single value, not %s", kind(key))
			continue
		}
		if first, ok := lines[key.Value]; ok {
			at.key = r.child(v, key.Value)
			r.fail(at, "the key is there already, in line %d: remove one of them", first)
			continue
		}
		lines[key.Value] = key.Line
		entries = append(entries, entry{
			name:  key.Value,
			value: value{node: v.node.Content[i+1], line: key.Line, key: r.child(v, key.Value)},
		})
	}
	return entries, true
}

// list returns the elements of a list.
func (r *reader) list(v value) (elements []value, ok bool) {
	if !r.usable(v) {
		return nil, false
	}
	if v.node.Kind != yaml.SequenceNode {
		r.fail(v, "must be a list, such as [24h, today], not %s", kind(v.node))
		return nil, false
	}
	for i, node := range v.node.Content {
		elements = append(elements, value{node: node, line: node.Line, key: fmt.Sprintf("%s[%d]", v.key, i)})
	}
	return elements, true
}

// scalar returns a single value with its variables replaced; it is not empty.
func (r *reader) scalar(v value) (t text, ok bool) {
	if !r.usable(v) {
		return text{}, false
	}
	if v.node.Kind != yaml.ScalarNode {
		r.fail(v, "must be a single value, not %s", kind(v.node))
		return text{}, false
	}
	content, variables, problems := expand(v.node.Value, r.lookupEnv)
	for _, problem := range problems {
		r.fail(v, "%s", problem)
	}
	if len(problems) > 0 {
		return text{}, false
	}
	t = text{value: v, written: withoutLongVariables(v.node.Value, variables), content: content, variables: variables}
	switch {
	case t.content != "":
		return t, true
	case len(variables) > 0:
		r.fail(v, "is empty with the value of %s: set that environment variable", shownVariables(variables))
	default:
		r.fail(v, "is empty: give it a value, or remove the key")
	}
	return text{}, false
}

// text returns a single value that is not a YAML boolean. A number is taken as it is
// written, so that an id of digits alone need not be quoted.
func (r *reader) text(v value) (t text, ok bool) {
	if v.node.Kind == yaml.ScalarNode && v.node.Tag == "!!bool" {
		r.fail(v, "must be a text, not true or false: quote it if it is meant as a text")
		return text{}, false
	}
	return r.scalar(v)
}

// boolean returns true or false, and false where there is neither.
func (r *reader) boolean(v value) bool {
	t, ok := r.scalar(v)
	switch {
	case !ok:
		return false
	case t.content == "true":
		return true
	case t.content == "false":
		return false
	default:
		r.failText(t, "%s must be true or false", t.shown())
		return false
	}
}

// number returns a whole number from 0 to most. The cure says what to write.
func (r *reader) number(v value, most int, cure string) (t text, n int, ok bool) {
	t, ok = r.scalar(v)
	if !ok {
		return text{}, 0, false
	}
	n, err := strconv.Atoi(t.content)
	switch {
	case strings.Trim(t.content, "0123456789") != "":
		r.failText(t, "%s is not a whole number: %s", t.shown(), cure)
		return text{}, 0, false
	case err != nil || n > most:
		r.failText(t, "must not be more than %d: %s", most, cure)
		return text{}, 0, false
	}
	return t, n, true
}

// duration is a length of time and the text it was written as.
type duration struct {
	text
	time.Duration
}

// duration returns a length of time that is not negative.
func (r *reader) duration(v value) (d duration, ok bool) {
	t, ok := r.scalar(v)
	if !ok {
		return duration{}, false
	}
	length, err := parseDuration(t)
	if err != nil {
		r.failText(t, "%v", err)
		return duration{}, false
	}
	return duration{text: t, Duration: length}, true
}

// bounds is what a duration must lie within.
type bounds struct {
	zero bool          // It may be 0.
	most time.Duration // The longest.
	cure string        // What to write.
}

// durationWithin returns a duration that lies within b.
func (r *reader) durationWithin(v value, b bounds) (d duration, ok bool) {
	d, ok = r.duration(v)
	switch {
	case !ok:
		return duration{}, false
	case d.Duration == 0 && !b.zero:
		r.failText(d.text, "must be more than 0: %s", b.cure)
		return duration{}, false
	case d.Duration > b.most:
		r.failText(d.text, "must not be more than %s: %s", model.Duration(b.most), b.cure)
		return duration{}, false
	}
	return d, true
}

const (
	durationUnits       = "y w d h m s ms"
	howToWriteDurations = "write whole numbers with the units " + durationUnits +
		", the largest first, such as 30s, 24h, 7d or 1d12h"
)

// parseDuration understands a length of time that is not negative.
func parseDuration(t text) (time.Duration, error) {
	length, err := model.ParseDuration(t.content)
	switch {
	case err == nil:
		return time.Duration(length), nil
	case lacksUnit(t):
		return 0, fmt.Errorf("%s has no unit: write %s for seconds; the units are %s",
			t.shown(), text{written: t.written + "s"}.shown(), durationUnits)
	default:
		return 0, fmt.Errorf("%s is not a duration: %s", t.shown(), howToWriteDurations)
	}
}

// lacksUnit reports whether t is a number that a unit would make a duration of.
func lacksUnit(t text) bool {
	if strings.Trim(t.content, "0123456789") != "" {
		return false
	}
	length, err := model.ParseDuration(t.content + "s")
	return err == nil && length > 0
}
