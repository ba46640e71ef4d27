package rocketchat

import (
	"errors"
	"fmt"
	"io"
)

// maxDepartmentName bounds a department's name, in bytes.
const maxDepartmentName = 1024

// Errors of a department of the list that is JSON and yet not the documented one.
var (
	errBadListed = errors.New("a department of the list is not an object with an _id")
	errNullID    = errors.New("a department of the list has an _id that is null or empty")
	errBadName   = errors.New("a department's name is not a string")
	errLongName  = fmt.Errorf("a department's name is longer than %d bytes", maxDepartmentName)
	errBadFlag   = errors.New("a department's enabled or archived is neither true nor false")
)

// listedRow is one department of the list.
type listedRow struct {
	id                departmentID
	name              string
	enabled, archived bool
	agents            int64 // -1 if it does not say.
}

func (r listedRow) key() departmentID { return r.id }

func (r listedRow) texts() (id, name string) { return r.id.sent, r.name }

// decodeList reads the list of departments:
// {"departments":[{"_id":"...","name":"Sales","enabled":true,"numAgents":3}],"total":1,"success":true}.
// Much more stands in each department and is read over. What the server's database can
// lack means what the server takes it for: without enabled a department is not.
func decodeList(r io.Reader) (page[listedRow], error) {
	s := newJSONScanner(r)
	return decodeRows(s, s.listedRow)
}

// listedRow reads one department.
func (s *jsonScanner) listedRow() (listedRow, error) {
	r := listedRow{agents: -1}
	if c, err := s.token(); err != nil {
		return r, err
	} else if c != '{' {
		return r, errBadListed
	}
	met := make(map[string]bool, 5)
	err := s.object(func(key []byte) (err error) {
		name := string(key)
		switch name {
		case "_id", "name", "enabled", "archived", "numAgents":
			if met[name] {
				return errRepeatedKey
			}
			met[name] = true
		}
		switch name {
		case "_id":
			r.id, err = s.departmentID()
		case "name":
			r.name, err = s.departmentName()
		case "enabled":
			r.enabled, err = s.flag()
		case "archived":
			r.archived, err = s.flag()
		case "numAgents":
			r.agents, err = s.countOrNull()
		default:
			err = s.skip(1)
		}
		return err
	})
	switch {
	case err != nil:
		return r, err
	case !met["_id"]:
		return r, errBadListed
	case r.id.null, r.id.sent == "":
		return r, errNullID
	}
	return r, nil
}

// departmentName reads a name; null is none.
func (s *jsonScanner) departmentName() (string, error) {
	c, err := s.token()
	switch {
	case err != nil:
		return "", err
	case c == 'n':
		return "", s.null(errBadName)
	case c != '"':
		return "", errBadName
	}
	name, err := s.str()
	if err == nil && len(name) > maxDepartmentName {
		err = errLongName
	}
	return s.keep(name), err
}

// flag reads true or false; null is false.
func (s *jsonScanner) flag() (bool, error) {
	c, err := s.token()
	if err != nil {
		return false, err
	}
	if !isScalarByte(c) {
		return false, errBadFlag
	}
	literal, err := s.scalar()
	if err != nil {
		return false, err
	}
	switch string(literal) {
	case "true":
		return true, nil
	case "false", "null":
		return false, nil
	default:
		return false, errBadFlag
	}
}

// countOrNull reads a number of agents; null is -1.
func (s *jsonScanner) countOrNull() (int64, error) {
	if c, err := s.token(); err == nil && c == 'n' {
		return -1, s.null(errNotANumber)
	}
	return s.count()
}

// null reads null; any other word is the error.
func (s *jsonScanner) null(otherwise error) error {
	literal, err := s.scalar()
	if err == nil && string(literal) != "null" {
		err = otherwise
	}
	return err
}
