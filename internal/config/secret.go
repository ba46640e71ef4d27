package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// hidden stands for a credential wherever it is printed.
const hidden = "<secret>"

// maxSecretBytes bounds a file with a credential.
const maxSecretBytes = 64 << 10

// Secret is a credential: a value, or the name of a file that holds it. However it is
// printed, it shows as <secret>; unset, it shows as nothing. The zero value is unset.
type Secret struct {
	// Behind a pointer, because %p and %w print the fields of a value whatever methods
	// it has.
	source *source
}

// source is where a credential comes from: a value or a file.
type source struct {
	value string // Trimmed, and checked by form.check.
	file  string // Where value is empty.
	// key is the path of the key that names the file, for messages. The name itself
	// is not shown: it may be a token that was written into the wrong key.
	key string
	// form is what the content of a file must look like.
	form form
}

// form is what a credential must look like.
type form int

const (
	// headerValue is what can be sent as the value of a header: a user id or a token.
	headerValue form = iota
	// loginText is what can be sent to log in with: a username or a password.
	loginText
)

// check says what keeps credential from having the form. It shows nothing of it.
func (f form) check(credential string) error {
	if f == loginText {
		return checkLoginText(credential)
	}
	return checkHeaderValue(credential)
}

// IsSet reports whether the credential is configured.
func (s Secret) IsSet() bool {
	return s.source != nil
}

// Read returns the credential. A file is read anew each time, so that a credential can
// be replaced while the process runs; white space around it is removed. What Read
// returns is one line; of a user id or a token, printable ASCII without spaces. The error
// says what to do and shows nothing of the content. Read may be called concurrently.
func (s Secret) Read() (string, error) {
	switch {
	case s.source == nil:
		return "", errors.New("no credential is configured")
	case s.source.value != "":
		return s.source.value, nil
	}
	content, err := readCredential(s.source.file, s.source.form)
	if err != nil {
		return "", fmt.Errorf("the file of %s: %w", s.source.key, err)
	}
	return content, nil
}

// readCredential returns the credential that file holds, which must have the form f. Its
// errors do not name the file.
func readCredential(file string, f form) (string, error) {
	content, err := readRegularFile(file, maxSecretBytes)
	if err != nil {
		return "", explainRead(err, maxSecretBytes, "the credential")
	}
	credential := strings.TrimSpace(string(content))
	if credential == "" {
		return "", errors.New("the file is empty: write the credential to it")
	}
	if err := f.check(credential); err != nil {
		return "", err
	}
	return credential, nil
}

// checkHeaderValue refuses all but printable ASCII without spaces. Other characters cannot
// be sent as the value of a header (RFC 9110, section 5.5); a space can, but is in no
// user id and in no token.
func checkHeaderValue(credential string) error {
	for _, char := range []byte(credential) {
		switch {
		case char == ' ':
			return errors.New("the credential holds a space: write the token alone, or the user id alone, " +
				"without a word such as Bearer before it")
		case char < '!' || char > '~':
			return errors.New("the credential holds a line break or another character that an HTTP header cannot carry: " +
				"it must be one line of printable ASCII without spaces, and nothing else")
		}
	}
	return nil
}

// checkLoginText refuses what nobody types into a form to log in. A password is sent in
// JSON, which carries every other character.
func checkLoginText(credential string) error {
	switch {
	case !utf8.ValidString(credential):
		return errors.New("the credential is not UTF-8: save the file as UTF-8, or correct the environment variable")
	case strings.ContainsFunc(credential, unicode.IsControl):
		return errors.New("the credential holds a line break or another control character: it must be one line, and nothing else")
	}
	return nil
}

// String returns <secret>, or "" if the secret is unset.
func (s Secret) String() string {
	if s.source == nil {
		return ""
	}
	return hidden
}

// GoString returns what String returns, quoted: the form of a string in %#v.
func (s Secret) GoString() string {
	return fmt.Sprintf("%q", s.String())
}

// Format implements [fmt.Formatter], so that no verb shows the fields.
func (s Secret) Format(state fmt.State, verb rune) {
	_, _ = fmt.Fprintf(state, fmt.FormatString(state, verb), s.String())
}

// MarshalText returns what String returns; JSON and the loggers use it.
func (s Secret) MarshalText() ([]byte, error) {
	return []byte(s.String()), nil
}

// MarshalYAML returns what String returns.
func (s Secret) MarshalYAML() (any, error) {
	return s.String(), nil
}
