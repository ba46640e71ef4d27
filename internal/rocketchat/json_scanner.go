package rocketchat

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits of one JSON text. encoding/json holds a whole value in memory before it
// hands it over, so that one endless string costs several times maxBody; this
// scanner holds one buffer and one bounded string.
const (
	firstBuffer = 2 << 10 // Most answers are short.
	mostBuffer  = 32 << 10
	maxString   = 4 << 10
	maxNumber   = 64
	// maxPlainNumber is of numbers that are small enough for any use.
	maxPlainNumber = 11
	maxNesting     = 64
)

// Errors of a scan. Each is the end of it.
var (
	errNotJSON   = errors.New("the answer is not JSON")
	errTruncated = errors.New("the answer is cut short")
	errBlank     = errors.New("the answer is blank")
	errTooDeep   = fmt.Errorf("the answer is nested more than %d deep", maxNesting)
	errTooBig    = fmt.Errorf("the answer holds a name or an id over %d bytes or a number over %d digits", maxString, maxNumber)
)

// jsonScanner reads one JSON text (RFC 8259) value by value, in memory that does
// not depend on the text. A method that fails leaves the scanner useless.
type jsonScanner struct {
	r        io.Reader
	buf      []byte
	pos, end int
	started  bool
	err      error // What ended the text.
	literal  []byte
	kept     strings.Builder // What keep has in it.
}

func newJSONScanner(r io.Reader) *jsonScanner {
	return &jsonScanner{r: r, buf: make([]byte, firstBuffer), literal: make([]byte, 0, 128)}
}

// Sizes of what texts are kept in. Whoever holds on to one text for long holds on to no
// more than the largest.
const (
	firstKept = 256
	mostKept  = 4 << 10
)

// keep returns the text as a string. Many of them share a place in memory: one of each
// own would be most of what it costs to read an answer.
func (s *jsonScanner) keep(text []byte) string {
	if s.kept.Cap()-s.kept.Len() < len(text) {
		size := max(firstKept, min(2*s.kept.Cap(), mostKept), len(text))
		s.kept = strings.Builder{} // The strings keep the one before.
		s.kept.Grow(size)
	}
	begin := s.kept.Len()
	s.kept.Write(text)
	return s.kept.String()[begin:]
}

// peek returns the next byte without taking it.
func (s *jsonScanner) peek() (byte, error) {
	for s.pos == s.end {
		if s.err != nil {
			return 0, s.ended()
		}
		if s.end == len(s.buf) && s.end < mostBuffer { // There is probably more.
			s.buf = make([]byte, 2*s.end)
		}
		s.pos = 0
		s.end, s.err = s.r.Read(s.buf)
		s.started = s.started || s.end > 0
	}
	return s.buf[s.pos], nil
}

// ended returns what it means that the text has ended where more was expected.
func (s *jsonScanner) ended() error {
	switch {
	case errors.Is(s.err, io.ErrUnexpectedEOF), errors.Is(s.err, io.EOF) && s.started:
		return errTruncated
	case errors.Is(s.err, io.EOF):
		return errBlank
	default:
		return fmt.Errorf("read the answer: %w", s.err)
	}
}

// token skips white space and returns the byte that begins the next token,
// without taking it.
func (s *jsonScanner) token() (byte, error) {
	if s.pos < s.end && s.buf[s.pos] > ' ' { // Mostly.
		return s.buf[s.pos], nil
	}
	for {
		c, err := s.peek()
		if err != nil {
			return 0, err
		}
		switch c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c, nil
		}
	}
}

// take skips white space and takes the byte, or fails.
func (s *jsonScanner) take(want byte) error {
	c, err := s.token()
	if err != nil {
		return err
	}
	if c != want {
		return errNotJSON
	}
	s.pos++
	return nil
}

// object calls member with each key of the object that begins here; member must
// read the value. The key is valid until then.
func (s *jsonScanner) object(member func(key []byte) error) error {
	return s.list('{', '}', func() error {
		key, err := s.str()
		if err != nil {
			return err
		}
		if err := s.take(':'); err != nil {
			return err
		}
		return member(key)
	})
}

// array calls element for each element of the array that begins here; element
// must read it.
func (s *jsonScanner) array(element func() error) error {
	return s.list('[', ']', element)
}

// list reads items between two brackets, with commas between them.
func (s *jsonScanner) list(opening, closing byte, item func() error) error {
	if err := s.take(opening); err != nil {
		return err
	}
	c, err := s.token()
	if err != nil {
		return err
	}
	if c == closing {
		s.pos++
		return nil
	}
	for {
		if itemErr := item(); itemErr != nil {
			return itemErr
		}
		switch c, err = s.token(); {
		case err != nil:
			return err
		case c == closing:
			s.pos++
			return nil
		case c != ',':
			return errNotJSON
		}
		s.pos++
	}
}

// scalar returns the number, true, false or null that begins here, as it was
// sent. Valid until the next call.
func (s *jsonScanner) scalar() ([]byte, error) {
	if _, err := s.token(); err != nil {
		return nil, err
	}
	s.literal = s.literal[:0]
	for {
		c, err := s.peek()
		if errors.Is(err, errTruncated) && len(s.literal) > 0 {
			break // A text may consist of one number, which nothing ends.
		}
		if err != nil {
			return nil, err
		}
		if !isScalarByte(c) {
			break
		}
		run := s.pos + 1
		for run < s.end && isScalarByte(s.buf[run]) {
			run++
		}
		if len(s.literal)+run-s.pos > maxNumber {
			return nil, errTooBig
		}
		s.literal = append(s.literal, s.buf[s.pos:run]...)
		s.pos = run
	}
	if !isPlainNumber(s.literal) && !json.Valid(s.literal) {
		return nil, errNotJSON
	}
	return s.literal, nil
}

// isPlainNumber reports whether the literal is a whole number of few digits, as nearly
// all are.
func isPlainNumber(literal []byte) bool {
	if len(literal) == 0 || len(literal) > maxPlainNumber || literal[0] == '0' && len(literal) > 1 {
		return false
	}
	for _, c := range literal {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// isScalarByte reports whether the byte can be part of a number, true, false or
// null.
func isScalarByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'E'
}

// skip reads over the value that begins here.
func (s *jsonScanner) skip(depth int) error {
	if depth > maxNesting {
		return errTooDeep
	}
	c, err := s.token()
	if err != nil {
		return err
	}
	switch c {
	case '{':
		return s.object(func([]byte) error { return s.skip(depth + 1) })
	case '[':
		return s.array(func() error { return s.skip(depth + 1) })
	case '"':
		err = s.skipStr()
	default:
		_, err = s.scalar()
	}
	return err
}

// finish fails if anything but white space follows.
func (s *jsonScanner) finish() error {
	_, err := s.token()
	if err == nil {
		return errNotJSON
	}
	if errors.Is(s.err, io.EOF) { // Not io.ErrUnexpectedEOF: the transport misses something.
		return nil
	}
	return err
}
