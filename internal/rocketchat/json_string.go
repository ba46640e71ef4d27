package rocketchat

import (
	"unicode/utf16"
	"unicode/utf8"
)

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
		switch {
		case c == '"':
			s.pos++
			return s.literal, nil
		case c < ' ':
			return nil, errNotJSON
		case len(s.literal) >= maxString:
			if err := full(); err != nil {
				return nil, err
			}
		case c == '\\':
			s.pos++
			if err := s.escape(); err != nil {
				return nil, err
			}
		default:
			run := plainRun(s.buf[s.pos:min(s.end, s.pos+maxString-len(s.literal))])
			s.literal = append(s.literal, s.buf[s.pos:s.pos+run]...)
			s.pos += run
		}
	}
}

// plainRun is how many bytes stand for themselves, up to the end of the string or to an
// escape.
func plainRun(b []byte) int {
	for i, c := range b {
		if c == '"' || c == '\\' || c < ' ' {
			return i
		}
	}
	return len(b)
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
