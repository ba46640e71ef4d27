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
)

// invalid is what is wrong with an answer that is not the documented one. It contains no
// text of the answer.
type invalid string

const (
	errNotJSON         invalid = "the answer is not JSON"
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

// newBody returns a reader of the answer, decompressed and limited.
func newBody(resp *http.Response, route *Route) io.Reader {
	limit := int64(maxBody)
	if route == Departments {
		limit = maxListBody
	}
	sent := http.MaxBytesReader(nil, resp.Body, limit)
	if encoding := resp.Header.Get("Content-Encoding"); encoding == "gzip" || encoding == "x-gzip" {
		return &gunzip{sent: sent, limit: limit}
	}
	return sent
}

// gunzip decompresses up to limit bytes.
type gunzip struct {
	sent  io.Reader
	limit int64
	plain io.Reader
}

func (g *gunzip) Read(p []byte) (int, error) {
	if g.plain == nil {
		z, err := gzip.NewReader(g.sent)
		if err != nil {
			return 0, err
		}
		g.plain = http.MaxBytesReader(nil, io.NopCloser(z), g.limit)
	}
	return g.plain.Read(p)
}

// row is one department of an answer.
type row interface {
	// key is the same for rows of two pages that are one row of the server.
	key() departmentID
}

// page is one answer of a route: some or all of its departments.
type page[R row] struct {
	// rows are in no order. Only null is the id of more than one.
	rows []R
	// total is how many departments the server has, -1 if unknown.
	total int64
}

// decode reads an answer such as {"departments":[...],"total":1,"success":true}. Check
// refuses a row. The departments are decoded at once: row by row took twice the time.
func (p *page[R]) decode(body io.Reader, check func(*R) error) error {
	p.total = -1
	d := json.NewDecoder(body)
	var success bool
	switch err := expect(d, json.Delim('{'), errNotJSON); {
	case errors.Is(err, io.EOF):
		return errBlank
	case err != nil:
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		switch key {
		case "departments":
			err = d.Decode(&p.rows)
		case "total":
			err = d.Decode(&p.total)
		case "success":
			err = d.Decode(&success)
		default:
			err = d.Decode(new(json.RawMessage))
		}
		if err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	switch _, err := d.Token(); {
	case err == nil:
		return errNotJSON
	case !errors.Is(err, io.EOF):
		return err
	case !success:
		return errNoSuccess
	case p.rows == nil:
		return errNoDepartments
	case p.total < -1 || p.total > maxCount:
		return errWrongType
	}
	return p.checkRows(check)
}

// checkRows refuses wrong rows, and orders them to find an id that stands there twice.
func (p *page[R]) checkRows(check func(*R) error) error {
	if len(p.rows) > maxDepartments {
		return errManyDepartments
	}
	for i := range p.rows {
		if err := check(&p.rows[i]); err != nil {
			return err
		}
	}
	slices.SortFunc(p.rows, func(a, b R) int { return a.key().compare(b.key()) })
	for i := 1; i < len(p.rows); i++ {
		id := p.rows[i].key()
		// The decoder replaces invalid UTF-8, which can make different ids equal.
		if !id.null && id == p.rows[i-1].key() && !strings.ContainsRune(id.text, utf8.RuneError) {
			return errRepeatedID
		}
	}
	return nil
}

// expect reads a token, and fails with otherwise if it is another one.
func expect(d *json.Decoder, want json.Delim, otherwise error) error {
	got, err := d.Token()
	if err == nil && got != want {
		return otherwise
	}
	return err
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

// compare orders ids by their bytes; null comes first.
func (id departmentID) compare(other departmentID) int {
	if id.null != other.null {
		if id.null {
			return -1
		}
		return 1
	}
	return strings.Compare(id.text, other.text)
}

// label is the id as a label: rooms without a department have [NoDepartment].
func (id departmentID) label() string {
	if id.null || id.text == "" {
		return NoDepartment
	}
	return id.text
}
