package rocketchat

import (
	"errors"
	"io"
)

// errNoToken is an answer to a login that is JSON and yet gives nothing to use.
var errNoToken = errors.New("the answer to the login has no data with a userId and an authToken that a header can carry")

// decodeLogin reads the answer to a login:
// {"status":"success","data":{"userId":"...","authToken":"...","me":{...}}}. Releases
// differ in whether they add success: true, so only another value is refused.
func decodeLogin(r io.Reader) (account, error) {
	d := loginDecoder{jsonScanner: newJSONScanner(r), met: make(map[string]bool, 4)}
	if c, err := d.token(); err != nil {
		return account{}, err
	} else if c != '{' {
		return account{}, errNotAnObject
	}
	if err := d.object(d.member); err != nil {
		return account{}, err
	}
	if err := d.finish(); err != nil {
		return account{}, err
	}
	switch {
	case d.failed:
		return account{}, errNoSuccess
	case !fitsHeader(d.account.userID), !fitsHeader(d.account.authToken):
		return account{}, errNoToken
	}
	return d.account, nil
}

// loginDecoder reads one answer to a login.
type loginDecoder struct {
	*jsonScanner

	account account
	failed  bool
	met     map[string]bool // The keys that were met.
}

// member reads one member of the answer.
func (d *loginDecoder) member(key []byte) error {
	switch string(key) {
	case "success":
		if err := d.first("success"); err != nil {
			return err
		}
		success, err := d.flag()
		d.failed = !success
		if errors.Is(err, errBadFlag) {
			return errNoSuccess
		}
		return err
	case "data":
		if err := d.first("data"); err != nil {
			return err
		}
		if c, err := d.token(); err != nil {
			return err
		} else if c != '{' {
			return errNoToken
		}
		return d.object(d.dataMember)
	default:
		return d.skip(1)
	}
}

// dataMember reads one member of the answer's data.
func (d *loginDecoder) dataMember(key []byte) error {
	switch string(key) {
	case "userId":
		return d.credential("userId", &d.account.userID)
	case "authToken":
		return d.credential("authToken", &d.account.authToken)
	default:
		return d.skip(2)
	}
}

// credential reads a string that stands once.
func (d *loginDecoder) credential(name string, to *string) error {
	if err := d.first(name); err != nil {
		return err
	}
	if c, err := d.token(); err != nil {
		return err
	} else if c != '"' {
		return errNoToken
	}
	value, err := d.str()
	*to = string(value)
	return err
}

// first fails if the key was met before.
func (d *loginDecoder) first(name string) error {
	if d.met[name] {
		return errRepeatedKey
	}
	d.met[name] = true
	return nil
}
