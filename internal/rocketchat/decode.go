package rocketchat

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of an answer. An id of the server has 17 or 24 characters, a row of an
// analytics answer about 55 bytes, and a workspace some hundred departments.
const (
	maxBody         = 4 << 20
	maxListBody     = 16 << 20 // The department list has whole documents.
	maxDepartmentID = 256
	maxDepartments  = 20_000
	// maxCount keeps sums over maxDepartments below 2^53, up to which a float64 holds
	// every whole number.
	maxCount   = 1 << 38
	maxObjects = 10 * maxDepartments // Departments may hold objects of their own.
)

// invalid is what is wrong with an answer that is not the documented one. It contains no
// text of the answer.
type invalid string

const (
	errNotJSON         invalid = "the answer is not whole JSON"
	errTruncated       invalid = "the answer is truncated"
	errBlank           invalid = "the answer is blank"
	errTooLong         invalid = "the answer is too long"
	errWrongType       invalid = "the answer has a value of a wrong type"
	errNoSuccess       invalid = "the answer lacks success: true"
	errNoDepartments   invalid = "the answer has no array departments"
	errBadDepartment   invalid = "a department of the answer has no valid _id, number or name"
	errRepeatedID      invalid = "a department's _id stands twice on one page"
	errCredential      invalid = "a department's _id or name contains a credential"
	errManyDepartments invalid = "the answer has more than 20000 departments"
	errBadNumber       invalid = "a number of the answer is missing or negative"
)

// Error implements error.
func (i invalid) Error() string { return string(i) }

// invalidity is what is wrong with an answer by the error of reading it; false if that is
// of the connection.
func invalidity(err error) (invalid, bool) {
	_, isSyntax := errors.AsType[*json.SyntaxError](err)
	_, isType := errors.AsType[*json.UnmarshalTypeError](err)
	_, isTooLong := errors.AsType[*http.MaxBytesError](err)
	_, isCorrupt := errors.AsType[flate.CorruptInputError](err)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errTruncated, true
	case isTooLong:
		return errTooLong, true
	case isType:
		return errWrongType, true
	case isSyntax, isCorrupt, errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return errNotJSON, true
	}
	return errors.AsType[invalid](err)
}

// limited returns a reader of an answer up to the limit.
func limited(resp *http.Response, route *Route) io.Reader {
	if route == Departments {
		return http.MaxBytesReader(nil, resp.Body, maxListBody)
	}
	return http.MaxBytesReader(nil, resp.Body, maxBody)
}

// read reads an answer to its end.
func read(resp *http.Response, body io.Reader) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(max(0, min(resp.ContentLength, maxBody))) + bytes.MinRead) // Or it grows several times.
	_, err := b.ReadFrom(body)
	if err == nil && b.Len() == 0 {
		err = errBlank
	}
	return b.Bytes(), err
}

// row is one department of an answer.
type row struct {
	label string      // Its _id, [NoDepartment] for null.
	rooms int64       // Of an analytics route.
	entry *Department // Of the list.
}

// key is the same for rows of two pages that are one row of the server. Two pages can have
// different rows without a department, or the same one: that has the same number.
func (r row) key() row {
	if r.label == NoDepartment {
		return row{label: r.label, rooms: r.rooms}
	}
	return row{label: r.label}
}

func byLabel(a, b row) int { return strings.Compare(a.label, b.label) }

// decodeRows reads an answer such as {"departments":[...],"total":1,"success":true} into
// rows that begin as unknown. Total is how many departments the server has, -1 if unknown.
func decodeRows[R any](data []byte, unknown R) (rows []R, total int64, err error) {
	// The rows are fewer than the objects, so this many are left only by an answer without
	// departments. An answer of millions of empty objects must not take memory.
	objects := bytes.Count(data, []byte("{")) + 1
	if objects > maxObjects {
		return nil, 0, errManyDepartments
	}
	answer := struct {
		Departments []R   `json:"departments"`
		Total       int64 `json:"total"`
		Success     bool  `json:"success"`
	}{Departments: slices.Repeat([]R{unknown}, objects), Total: -1}
	err = json.Unmarshal(data, &answer)
	switch {
	case err != nil:
		return nil, 0, err
	case !answer.Success:
		return nil, 0, errNoSuccess
	case answer.Departments == nil, len(answer.Departments) == objects:
		return nil, 0, errNoDepartments
	case answer.Total < -1 || answer.Total > maxCount:
		return nil, 0, errWrongType
	case len(answer.Departments) > maxDepartments:
		return nil, 0, errManyDepartments
	}
	return answer.Departments, answer.Total, nil
}

// sortRows orders the rows of a page, and fails if an id stands there twice.
func sortRows(rows []row) error {
	slices.SortFunc(rows, byLabel)
	for i := 1; i < len(rows); i++ {
		// Rooms without the field departmentId and rooms in which it is null are two rows of
		// the server. The decoder replaces invalid UTF-8, which can make different ids equal.
		label := rows[i].label
		if label == rows[i-1].label && label != NoDepartment && !strings.ContainsRune(label, utf8.RuneError) {
			return errRepeatedID
		}
	}
	return nil
}
