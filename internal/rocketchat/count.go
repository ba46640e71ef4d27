package rocketchat

import (
	"errors"
	"math"
	"strconv"
)

// maxCount is the largest number whose every smaller one a double holds
// exactly, which is what JSON and Prometheus count in.
const maxCount = 1 << 53

// Errors of a number in an answer.
var (
	errNotANumber    = errors.New("a number in the answer is not one")
	errNegativeCount = errors.New("a number in the answer is negative")
	errNotWhole      = errors.New("a number in the answer is not whole")
	errHugeCount     = errors.New("a number in the answer is over 2^53")
)

// count reads a number of rooms or departments.
func (d *pageDecoder) count() (int64, error) {
	c, err := d.token()
	if err != nil {
		return 0, err
	}
	if !isScalarByte(c) {
		return 0, errNotANumber
	}
	literal, err := d.scalar()
	if err != nil {
		return 0, err
	}
	return parseCount(string(literal))
}

// parseCount parses a JSON number that counts something.
func parseCount(literal string) (int64, error) {
	number, err := strconv.ParseFloat(literal, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, errHugeCount
	case err != nil:
		return 0, errNotANumber
	case number < 0:
		return 0, errNegativeCount
	case number != math.Trunc(number):
		return 0, errNotWhole
	case number > maxCount:
		return 0, errHugeCount
	}
	return int64(number), nil
}
