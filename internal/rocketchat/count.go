package rocketchat

import (
	"errors"
	"strconv"
	"strings"
)

// maxCount is far more than any workspace has, and so that the sum over maxDepartments
// is still below 2^53, up to which a double holds every whole number exactly: that is
// what Prometheus counts in.
const maxCount = 1 << 38

// Errors of a number in an answer.
var (
	errNotANumber    = errors.New("a number in the answer is not one")
	errNegativeCount = errors.New("a number in the answer is negative")
	errNotWhole      = errors.New("a number in the answer is not written as a whole one")
	errHugeCount     = errors.New("a number in the answer is over 2^38")
)

// count reads a number of rooms or departments.
func (s *jsonScanner) count() (int64, error) {
	c, err := s.token()
	if err != nil {
		return 0, err
	}
	if !isScalarByte(c) {
		return 0, errNotANumber
	}
	literal, err := s.scalar()
	if err != nil {
		return 0, err
	}
	return parseCount(string(literal))
}

// parseCount parses a JSON number that counts something. It must be exact, so it does
// not go through a double.
func parseCount(literal string) (int64, error) {
	whole, fraction, _ := strings.Cut(literal, ".")
	if strings.Trim(fraction, "0") != "" {
		return 0, errNotWhole
	}
	number, err := strconv.ParseInt(whole, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) && whole[0] != '-', number > maxCount:
		return 0, errHugeCount
	case errors.Is(err, strconv.ErrRange), number < 0:
		return 0, errNegativeCount
	case err != nil && strings.IndexByte("tfn", literal[0]) >= 0: // true, false, null.
		return 0, errNotANumber
	case err != nil: // An exponent: the server writes none of its numbers so.
		return 0, errNotWhole
	}
	return number, nil
}
