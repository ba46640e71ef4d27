package rocketchat

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Limits of an answer. An id of the server has 17 or 24 characters, and a
// workspace some hundred departments; what is far beyond is not an answer.
const (
	maxDepartmentID = 256
	maxDepartments  = 20_000
)

// Errors of an answer that is JSON and yet not the documented one.
var (
	errNotAnObject     = errors.New("the answer is not a JSON object")
	errNoSuccess       = errors.New("the answer does not say success: true")
	errNoDepartments   = errors.New("the answer has no departments array")
	errRepeatedKey     = errors.New("the answer has a key twice")
	errBadDepartment   = errors.New("a department of the answer is not an object with an _id and a number")
	errBadID           = errors.New("a department's _id is neither a string nor null")
	errLongID          = fmt.Errorf("a department's _id is longer than %d bytes", maxDepartmentID)
	errSecretText      = errors.New("a department's _id or name holds a credential of this exporter")
	errRepeatedID      = errors.New("a department's _id stands twice on one page")
	errManyDepartments = fmt.Errorf("the answer has more than %d departments", maxDepartments)
)

// countedRow is one department's number.
type countedRow struct {
	id    departmentID
	count int64
}

func (r countedRow) key() departmentID { return r.id }

func (r countedRow) texts() (id, name string) { return r.id.sent, "" }

// departmentID is an _id as it was sent. The rooms without a department have a
// null in its place.
type departmentID struct {
	sent string
	null bool
}

// compare orders ids by their bytes; null comes first.
func (id departmentID) compare(other departmentID) int {
	if id.null != other.null {
		if id.null {
			return -1
		}
		return 1
	}
	return strings.Compare(id.sent, other.sent)
}

// decodePage reads the answer of an analytics route, which counts in the field:
// {"departments":[{"_id":"...","abandonedRooms":3}],"total":1,"success":true}.
func decodePage(r io.Reader, field string) (page[countedRow], error) {
	s := newJSONScanner(r)
	return decodeRows(s, func() (countedRow, error) { return s.countedRow(field) })
}

// decodeRows reads a page whose rows are read by row.
func decodeRows[R row](s *jsonScanner, row func() (R, error)) (page[R], error) {
	d := pageDecoder[R]{jsonScanner: s, row: row, page: page[R]{total: -1}, met: make(map[string]bool, 3)}
	if err := d.decode(); err != nil {
		return page[R]{}, err
	}
	return d.page, nil
}

// pageDecoder reads one page.
type pageDecoder[R row] struct {
	*jsonScanner

	row  func() (R, error)
	page page[R]

	success bool
	met     map[string]bool // The keys that were met.
}

func (d *pageDecoder[R]) decode() error {
	if c, err := d.token(); err != nil {
		return err
	} else if c != '{' {
		return errNotAnObject
	}
	if err := d.object(d.member); err != nil {
		return err
	}
	if err := d.finish(); err != nil {
		return err
	}
	if !d.success {
		return errNoSuccess
	}
	if !d.met["departments"] {
		return errNoDepartments
	}
	return nil
}

// member reads one member of the answer.
func (d *pageDecoder[R]) member(key []byte) (err error) {
	name := string(key)
	switch name {
	case "departments", "total", "success":
		if d.met[name] {
			return errRepeatedKey
		}
		d.met[name] = true
	}
	switch name {
	case "departments":
		return d.rows()
	case "total":
		d.page.total, err = d.count()
		return err
	case "success":
		return d.isTrue(&d.success)
	default:
		return d.skip(1)
	}
}

// isTrue reads a value and tells whether it is true.
func (d *pageDecoder[R]) isTrue(result *bool) error {
	if c, err := d.token(); err != nil || c != 't' {
		return d.skip(1)
	}
	literal, err := d.scalar()
	*result = string(literal) == "true"
	return err
}

// rows reads the departments.
func (d *pageDecoder[R]) rows() error {
	if c, err := d.token(); err != nil {
		return err
	} else if c != '[' {
		return errNoDepartments
	}
	err := d.array(func() error {
		next, err := d.row()
		if err != nil {
			return err
		}
		if len(d.page.rows) == maxDepartments {
			return errManyDepartments
		}
		d.page.rows = append(d.page.rows, next)
		return nil
	})
	if err != nil {
		return err
	}
	d.page.rows = ordered(d.page.rows)
	for i := 1; i < len(d.page.rows); i++ {
		if d.page.rows[i-1].key() == d.page.rows[i].key() {
			return errRepeatedID
		}
	}
	return nil
}

// ordered returns the rows in the order of their keys. What is sorted are small places,
// mostly by the first bytes of the ids: to move the rows and to compare whole ids takes
// twice as long.
func ordered[R row](rows []R) []R {
	type place struct {
		first uint64
		row   int
	}
	places := make([]place, len(rows))
	for i, r := range rows {
		var first [8]byte
		copy(first[:], r.key().sent)
		places[i] = place{first: binary.BigEndian.Uint64(first[:]), row: i}
	}
	slices.SortFunc(places, func(a, b place) int {
		if a.first != b.first {
			return cmp.Compare(a.first, b.first)
		}
		return rows[a.row].key().compare(rows[b.row].key())
	})
	sorted := make([]R, len(rows))
	for i, p := range places {
		sorted[i] = rows[p.row]
	}
	return sorted
}

// countedRow reads one department, whose number is in the field.
func (s *jsonScanner) countedRow(field string) (countedRow, error) {
	var r countedRow
	if c, err := s.token(); err != nil {
		return r, err
	} else if c != '{' {
		return r, errBadDepartment
	}
	var hasID, hasCount bool
	err := s.object(func(key []byte) (err error) {
		switch {
		case string(key) == "_id" && hasID, string(key) == field && hasCount:
			return errRepeatedKey
		case string(key) == "_id":
			hasID = true
			r.id, err = s.departmentID()
		case string(key) == field:
			hasCount = true
			r.count, err = s.count()
		default:
			err = s.skip(1)
		}
		return err
	})
	if err == nil && (!hasID || !hasCount) {
		err = errBadDepartment
	}
	return r, err
}

// departmentID reads an _id.
func (s *jsonScanner) departmentID() (departmentID, error) {
	switch c, err := s.token(); {
	case err != nil:
		return departmentID{}, err
	case c == '"':
		id, err := s.str()
		if err != nil {
			return departmentID{}, err
		}
		if len(id) > maxDepartmentID {
			return departmentID{}, errLongID
		}
		return departmentID{sent: s.keep(id)}, nil
	case c != 'n':
		return departmentID{}, errBadID
	}
	if literal, err := s.scalar(); err != nil {
		return departmentID{}, err
	} else if string(literal) != "null" {
		return departmentID{}, errBadID
	}
	return departmentID{null: true}, nil
}
