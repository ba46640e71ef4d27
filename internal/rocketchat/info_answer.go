package rocketchat

import (
	"errors"
	"io"
	"strings"
)

const (
	// maxVersion bounds a server's version, in bytes.
	maxVersion = 64
	// versionCharacters are all that one consists of, such as 8.1.0-rc.2.
	versionCharacters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-+_"
)

var errNoVersion = errors.New("the answer has no version")

// decodeInfo reads the version of an answer such as {"version":"8.0","success":true}.
func decodeInfo(r io.Reader) (version string, err error) {
	d := infoDecoder{jsonScanner: newJSONScanner(r)}
	if err := d.decode(); err != nil {
		return "", err
	}
	return d.version, nil
}

// infoDecoder reads one answer.
type infoDecoder struct {
	*jsonScanner

	met     bool
	version string
}

func (d *infoDecoder) decode() error {
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
	if d.version == "" || len(d.version) > maxVersion || strings.Trim(d.version, versionCharacters) != "" {
		return errNoVersion
	}
	return nil
}

// member reads one member of the answer.
func (d *infoDecoder) member(key []byte) error {
	if string(key) != "version" {
		return d.skip(1)
	}
	if d.met {
		return errRepeatedKey
	}
	d.met = true
	if c, err := d.token(); err != nil {
		return err
	} else if c != '"' {
		return errNoVersion
	}
	text, err := d.str()
	d.version = string(text)
	return err
}
