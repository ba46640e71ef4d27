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
	maxCount = 1 << 38
	// maxObjects is how many objects an answer is decoded with, so that one of millions
	// of empty ones takes no memory. Departments may hold objects of their own.
	maxObjects = 10 * maxDepartments
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

// newBody returns a reader of the answer up to the limit.
func newBody(resp *http.Response, route *Route) io.Reader {
	if route == Departments {
		return http.MaxBytesReader(nil, resp.Body, maxListBody)
	}
	return http.MaxBytesReader(nil, resp.Body, maxBody)
}

// row is one department of an answer.
type row struct {
	id    departmentID
	rooms int64       // Of an analytics route.
	entry *Department // Of the list.
}

// rowKey is the same for rows of two pages that are one row of the server.
type rowKey struct {
	id    departmentID
	rooms int64
}

// key is the id. Two pages can have different null rows, or the same one: that has the
// same number.
func (r row) key() rowKey {
	if r.id.null {
		return rowKey{r.id, r.rooms}
	}
	return rowKey{id: r.id}
}

func byLabel(a, b row) int { return strings.Compare(a.id.label(), b.id.label()) }

// decodeRows reads an answer such as {"departments":[...],"total":1,"success":true}. Total
// is how many departments the server has, -1 if unknown.
func decodeRows[R any](body io.Reader) (rows []R, total int64, err error) {
	data, err := io.ReadAll(body)
	switch {
	case err != nil:
		return nil, 0, err
	case len(data) == 0:
		return nil, 0, errBlank
	case bytes.Count(data, []byte("{")) > maxObjects:
		return nil, 0, errManyDepartments
	}
	answer := struct {
		Departments []R   `json:"departments"`
		Total       int64 `json:"total"`
		Success     bool  `json:"success"`
	}{Total: -1}
	err = json.Unmarshal(data, &answer)
	switch {
	case err != nil:
		return nil, 0, err
	case !answer.Success:
		return nil, 0, errNoSuccess
	case answer.Departments == nil:
		return nil, 0, errNoDepartments
	case answer.Total < -1 || answer.Total > maxCount:
		return nil, 0, errWrongType
	case len(answer.Departments) > maxDepartments:
		return nil, 0, errManyDepartments
	}
	return answer.Departments, answer.Total, nil
}

// sortRows orders the rows of a page by label, and fails if an id stands there twice.
func sortRows(rows []row) error {
	slices.SortFunc(rows, byLabel)
	for i := 1; i < len(rows); i++ {
		id := rows[i].id
		// The decoder replaces invalid UTF-8, which can make different ids equal.
		if !id.null && id == rows[i-1].id && !strings.ContainsRune(id.text, utf8.RuneError) {
			return errRepeatedID
		}
	}
	return nil
}

// departmentID is an _id as it was sent. Rooms without a department have null.
type departmentID struct {
	text string
	null bool
	// known is whether there is one at all.
	known bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (id *departmentID) UnmarshalJSON(data []byte) error {
	id.known = true
	if id.null = string(data) == "null"; id.null {
		return nil
	}
	if data[0] == '"' && !bytes.ContainsRune(data, '\\') && utf8.Valid(data) {
		id.text = string(data[1 : len(data)-1]) // Nearly always, and much faster.
		return nil
	}
	return json.Unmarshal(data, &id.text)
}

// label is the id as a label: rooms without a department have [NoDepartment].
func (id departmentID) label() string {
	if id.null || id.text == "" {
		return NoDepartment
	}
	return id.text
}
