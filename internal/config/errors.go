package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Error is one mistake in a configuration file. [Load] returns all mistakes joined;
// [errors.AsType] finds the first.
type Error struct {
	// File is the name that Load was called with.
	File string
	// Line counts from 1; 0 means the file as a whole, as when it cannot be read.
	Line int
	// Key is the path of the key, such as workspaces.main.url or windows[2].calendar;
	// empty where the mistake belongs to no key, as in broken YAML.
	Key string
	// Message says what is wrong and what to do. It shows no credential and nothing
	// that came from the environment.
	Message string

	column int // Orders the mistakes of one line.
	cause  error
}

// Error returns the mistake in one line: file, line, key and message.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": ")
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(e.Message)
	return b.String()
}

// Unwrap returns the error of the operating system where the configuration file itself
// cannot be read, so that errors.Is(err, fs.ErrNotExist) works; otherwise nil.
func (e *Error) Unwrap() error {
	return e.cause
}

// maxMistakes bounds how many mistakes are told one by one: a file of another kind can
// have hundreds of thousands.
const maxMistakes = 1000

// full reports whether a further mistake would only be counted.
func (r *reader) full() bool {
	return len(r.mistakes) == maxMistakes
}

// fail notes a mistake at v.
func (r *reader) fail(v value, format string, args ...any) {
	if r.full() {
		r.untold++
		return
	}
	mistake := &Error{File: r.file, Line: v.line, Key: v.key, Message: fmt.Sprintf(format, args...)}
	if v.node != nil {
		mistake.column = v.node.Column
	}
	r.mistakes = append(r.mistakes, mistake)
}

// err joins the mistakes noted so far in the order of the file; nil if there are none.
func (r *reader) err() error {
	slices.SortStableFunc(r.mistakes, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.column, b.column))
	})
	joined := make([]error, 0, len(r.mistakes)+1)
	for _, mistake := range r.mistakes {
		joined = append(joined, mistake)
	}
	if r.untold > 0 {
		joined = append(joined, &Error{File: r.file, Message: fmt.Sprintf("has %d more mistakes: correct these first", r.untold)})
	}
	return errors.Join(joined...)
}
