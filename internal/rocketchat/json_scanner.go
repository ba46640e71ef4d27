package rocketchat

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of one JSON text. encoding/json holds a whole value in memory before it
// hands it over, so that one endless string costs several times maxBody; this
// scanner holds one buffer and one bounded string.
const (
	scanBuffer = 16 << 10
	maxString  = 4 << 10
	maxNumber  = 64
	maxNesting = 64
)

// Errors of a scan. Each is the end of it.
var (
	errNotJSON   = errors.New("the answer is not JSON")
	errTruncated = errors.New("the answer is cut short")
	errBlank     = errors.New("the answer is blank")
	errTooDeep   = fmt.Errorf("the answer is nested more than %d deep", maxNesting)
	errTooBig    = fmt.Errorf("the answer holds an id over %d bytes or a number over %d digits", maxString, maxNumber)
)

// jsonScanner reads one JSON text (RFC 8259) value by value, in memory that does
// not depend on the text. A method that fails leaves the scanner useless.
type jsonScanner struct {
	r        io.Reader
	buf      []byte
	pos, end int
	started  bool
	literal  []byte
}

func newJSONScanner(r io.Reader) *jsonScanner {
	return &jsonScanner{r: r, buf: make([]byte, scanBuffer), literal: make([]byte, 0, 128)}
}

// peek returns the next byte without taking it.
func (s *jsonScanner) peek() (byte, error) {
	for s.pos == s.end {
		n, err := s.r.Read(s.buf)
		s.pos, s.end = 0, n
		switch {
		case n > 0:
			s.started = true
		case errors.Is(err, io.EOF) && s.started, errors.Is(err, io.ErrUnexpectedEOF):
			return 0, errTruncated
		case errors.Is(err, io.EOF):
			return 0, errBlank
		case err != nil:
			return 0, fmt.Errorf("read the answer: %w", err)
		}
	}
	return s.buf[s.pos], nil
}

// token skips white space and returns the byte that begins the next token,
// without taking it.
func (s *jsonScanner) token() (byte, error) {
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

// str returns the string that begins here with its escapes resolved and its
// bytes as they were sent: invalid UTF-8 stays, and half of a surrogate pair
// becomes the three bytes that UTF-8 would have for it. Valid until the next call.
func (s *jsonScanner) str() ([]byte, error) {
	return s.text(func() error { return errTooBig })
}

// skipStr reads over the string that begins here, however long it is.
func (s *jsonScanner) skipStr() error {
	_, err := s.text(func() error {
		s.literal = s.literal[:0]
		return nil
	})
	return err
}

// text reads a string into literal, and calls full when that holds maxString.
func (s *jsonScanner) text(full func() error) ([]byte, error) {
	if err := s.take('"'); err != nil {
		return nil, err
	}
	s.literal = s.literal[:0]
	for {
		c, err := s.peek()
		if err != nil {
			return nil, err
		}
		s.pos++
		switch {
		case c == '"':
			return s.literal, nil
		case c < ' ':
			return nil, errNotJSON
		}
		if len(s.literal) >= maxString {
			if err := full(); err != nil {
				return nil, err
			}
		}
		switch c {
		case '\\':
			if err := s.escape(); err != nil {
				return nil, err
			}
		default:
			s.literal = append(s.literal, c)
		}
	}
}

// escape appends what the escape after the backslash stands for.
func (s *jsonScanner) escape() error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	s.pos++
	switch c {
	case '"', '\\', '/':
		s.literal = append(s.literal, c)
	case 'b':
		s.literal = append(s.literal, '\b')
	case 'f':
		s.literal = append(s.literal, '\f')
	case 'n':
		s.literal = append(s.literal, '\n')
	case 'r':
		s.literal = append(s.literal, '\r')
	case 't':
		s.literal = append(s.literal, '\t')
	case 'u':
		unit, err := s.hex4()
		if err != nil {
			return err
		}
		s.appendUTF16(unit)
	default:
		return errNotJSON
	}
	return nil
}

// hex4 takes the four digits of a \u escape.
func (s *jsonScanner) hex4() (rune, error) {
	var unit rune
	for range 4 {
		c, err := s.peek()
		if err != nil {
			return 0, err
		}
		s.pos++
		unit <<= 4
		switch {
		case '0' <= c && c <= '9':
			unit += rune(c - '0')
		case 'a' <= c && c <= 'f':
			unit += rune(c-'a') + 10
		case 'A' <= c && c <= 'F':
			unit += rune(c-'A') + 10
		default:
			return 0, errNotJSON
		}
	}
	return unit, nil
}

// appendUTF16 appends the code unit; with the half of a pair before it, which
// stands at the end of literal as three bytes, it makes one character.
func (s *jsonScanner) appendUTF16(unit rune) {
	if n := len(s.literal) - 3; n >= 0 && utf16.IsSurrogate(unit) {
		first := surrogateHalf(s.literal[n:])
		if r := utf16.DecodeRune(first, unit); r != utf8.RuneError {
			s.literal = utf8.AppendRune(s.literal[:n], r)
			return
		}
	}
	if utf16.IsSurrogate(unit) {
		s.literal = append(s.literal, 0xED, 0x80|byte(unit>>6&0x3F), 0x80|byte(unit&0x3F)) // 0xED begins all of D000 to DFFF.
		return
	}
	s.literal = utf8.AppendRune(s.literal, unit)
}

// surrogateHalf decodes three bytes that stand for half of a surrogate pair, and
// returns 0 for any others.
func surrogateHalf(b []byte) rune {
	if b[0] != 0xED || b[1] < 0xA0 {
		return 0
	}
	return 0xD000 | rune(b[1]&0x3F)<<6 | rune(b[2]&0x3F)
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
		if len(s.literal) >= maxNumber {
			return nil, errTooBig
		}
		s.literal = append(s.literal, c)
		s.pos++
	}
	if !json.Valid(s.literal) {
		return nil, errNotJSON
	}
	return s.literal, nil
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
	if errors.Is(err, errTruncated) {
		return nil // The text has ended, as it should.
	}
	if err != nil {
		return err
	}
	return errNotJSON
}
