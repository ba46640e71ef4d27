package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.yaml.in/yaml/v4"
)

// secretFile writes content to a file and returns a secret that is read from it.
func secretFile(t *testing.T, content string) Secret {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return Secret{&source{file: file, key: "workspaces.main.auth_token_file"}}
}

// loginFile is secretFile for a username or a password.
func loginFile(t *testing.T, content string) Secret {
	t.Helper()
	s := secretFile(t, content)
	s.source.form = loginText
	return s
}

func TestSecretRead(t *testing.T) {
	t.Parallel()
	const allowed = "!\"#$%&'()*+,-./0123456789:;<=>?@ABC[\\]^_`abc{|}~"
	for _, test := range []struct {
		name   string
		secret Secret
		want   string
	}{
		{"inline", Secret{&source{value: "abc"}}, "abc"},
		{"file", secretFile(t, "abc"), "abc"},
		{"file with white space around", secretFile(t, "\r\n\t abc \t\r\n\n"), "abc"},
		{"every character that is allowed", secretFile(t, "x"+allowed), "x" + allowed},
		{"every character that a password may have", loginFile(t, " pass word €"+allowed+"\u00a0! \n"), "pass word €" + allowed + "\u00a0!"},
		{"the largest file", secretFile(t, strings.Repeat("x", maxSecretBytes)), strings.Repeat("x", maxSecretBytes)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := test.secret.Read()
			if err != nil || got != test.want {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestSecretReadErrors(t *testing.T) {
	t.Parallel()
	const (
		unsendable = "the credential holds a line break or another character that an HTTP header cannot carry: " +
			"it must be one line of printable ASCII without spaces, and nothing else"
		unprintable = "the credential holds a line break or another control character: it must be one line, and nothing else"
		spaced      = "the credential holds a space: write the token alone, or the user id alone, without a word such as Bearer before it"
	)
	for _, test := range []struct {
		name   string
		secret Secret
		want   string
	}{
		{"unset", Secret{}, "no credential is configured"},
		{
			"missing",
			Secret{&source{file: filepath.Join(t.TempDir(), "hunter2"), key: "workspaces.main.auth_token_file"}},
			`the file of workspaces.main.auth_token_file: no such file or directory: create it, or correct the path in the configuration`,
		},
		{
			"a directory",
			Secret{&source{file: t.TempDir(), key: "workspaces.main.auth_token_file"}},
			`the file of workspaces.main.auth_token_file: it is not a regular file: name a file that holds the credential, not a directory, a pipe or a device`,
		},
		{
			"a device",
			Secret{&source{file: "/dev/zero", key: "workspaces.main.auth_token_file"}},
			`the file of workspaces.main.auth_token_file: it is not a regular file: name a file that holds the credential, not a directory, a pipe or a device`,
		},
		{
			"below a file",
			Secret{&source{file: filepath.Join(secretFile(t, "hunter2").source.file, "x"), key: "workspaces.main.auth_token_file"}},
			`the file of workspaces.main.auth_token_file: not a directory: check the path`,
		},
		{"empty", secretFile(t, ""), `the file of workspaces.main.auth_token_file: the file is empty: write the credential to it`},
		{"blank", secretFile(t, " \n\t\r\n"), `the file of workspaces.main.auth_token_file: the file is empty: write the credential to it`},
		{
			"too large",
			secretFile(t, strings.Repeat("x", maxSecretBytes+1)),
			`the file of workspaces.main.auth_token_file: the file is larger than 64 KiB: it must hold the credential alone`,
		},
		{"two lines", secretFile(t, "hunter2\nthird"), `the file of workspaces.main.auth_token_file: ` + unsendable},
		{"carriage return", secretFile(t, "hunter2\rthird"), `the file of workspaces.main.auth_token_file: ` + unsendable},
		{"tab", secretFile(t, "hunter2\tthird"), `the file of workspaces.main.auth_token_file: ` + unsendable},
		{"zero byte", secretFile(t, "hunter2\x00"), `the file of workspaces.main.auth_token_file: ` + unsendable},
		{"delete", secretFile(t, "hunter2\x7f"), `the file of workspaces.main.auth_token_file: ` + unsendable},
		{"a word before it", secretFile(t, "Bearer hunter2\n"), `the file of workspaces.main.auth_token_file: ` + spaced},
		{"two words", secretFile(t, "hunter2 third\nfourth"), `the file of workspaces.main.auth_token_file: ` + spaced},
		{"two lines of a password", loginFile(t, "hunter2\nthird"), `the file of workspaces.main.auth_token_file: ` + unprintable},
		{"a tab in a password", loginFile(t, "hunter2\tthird"), `the file of workspaces.main.auth_token_file: ` + unprintable},
		{
			"a password in another encoding",
			loginFile(t, "hunter2\xe9"),
			`the file of workspaces.main.auth_token_file: the credential is not UTF-8: save the file as UTF-8, or correct the environment variable`,
		},
		{"byte order mark", secretFile(t, "\ufeffhunter2"), `the file of workspaces.main.auth_token_file: ` + unsendable},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := test.secret.Read()
			if err == nil || got != "" {
				t.Fatalf("got %q, %v, want an error", got, err)
			}
			if err.Error() != test.want {
				t.Errorf("got  %q\nwant %q", err, test.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%q shows the content", err)
			}
		})
	}
}

func TestSecretReadErrorsKeepTheirCause(t *testing.T) {
	t.Parallel()
	_, err := Secret{&source{file: filepath.Join(t.TempDir(), "missing")}}.Read()
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
	// The tests may run as a user who can read everything.
	err = explainRead(&fs.PathError{Op: "open", Path: "hunter2", Err: syscall.EACCES}, maxSecretBytes, "the credential")
	if got, want := err.Error(), "permission denied: let the exporter's user read it"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSecretFollowsItsFile(t *testing.T) {
	t.Parallel()
	s := secretFile(t, "first\n")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(s.source.file, link); err != nil {
		t.Fatal(err)
	}
	s.source.file = link
	for _, want := range []string{"first", "second", "first"} {
		// A credential is replaced by renaming, as Kubernetes does it.
		next := secretFile(t, want+"\n").source.file
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(next, link); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Read(); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
}

func TestSecretFileIsRelativeToTheConfiguration(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	write := func(name, content string) string {
		file := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	write("secrets/id", "id-from-file\n")
	absolute := write("token", "token-from-file\n")
	file := write("config.yml", `workspaces:
  main: {url: 'https://chat.example.com', user_id_file: "${DIRECTORY}/id", auth_token_file: "`+absolute+`"}
`)
	w := load(t, file, map[string]string{"DIRECTORY": "./secrets"}).Workspaces[0]
	if got, err := w.UserID.Read(); err != nil || got != "id-from-file" {
		t.Errorf("user_id: got %q, %v", got, err)
	}
	if got, err := w.AuthToken.Read(); err != nil || got != "token-from-file" {
		t.Errorf("auth_token: got %q, %v", got, err)
	}
}

func TestPrintedSecret(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name         string
		secret       Secret
		want, quoted string
	}{
		{"inline", Secret{&source{value: "hunter2"}}, "<secret>", `"<secret>"`},
		{"file", Secret{&source{file: "/hunter2", key: "workspaces.main.auth_token_file"}}, "<secret>", `"<secret>"`},
		{"unset", Secret{}, "", `""`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			type holder struct {
				S Secret  `json:"s" yaml:"s"`
				P *Secret `json:"p" yaml:"p"`
			}
			inJSON, err := json.Marshal(holder{test.secret, &test.secret})
			if err != nil {
				t.Fatal(err)
			}
			inYAML, err := yaml.Dump(holder{test.secret, &test.secret})
			if err != nil {
				t.Fatal(err)
			}
			text, err := test.secret.MarshalText()
			if err != nil {
				t.Fatal(err)
			}
			var fromJSON, fromYAML map[string]string
			if err = json.Unmarshal(inJSON, &fromJSON); err != nil {
				t.Fatal(err)
			}
			if err = yaml.Load(inYAML, &fromYAML); err != nil {
				t.Fatal(err)
			}
			for _, printed := range []struct{ form, got, want string }{
				{"String", test.secret.String(), test.want},
				{"GoString", test.secret.GoString(), test.quoted},
				{"%v", fmt.Sprintf("%v, %v", test.secret, &test.secret), test.want + ", " + test.want},
				{"%+v", fmt.Sprintf("%+v", test.secret), test.want},
				{"%#v", fmt.Sprintf("%#v", test.secret), test.quoted},
				{"%s", fmt.Sprintf("%s, %s", test.secret, &test.secret), test.want + ", " + test.want},
				{"%q", fmt.Sprintf("%q", test.secret), test.quoted},
				{"%x", fmt.Sprintf("%x", test.secret), fmt.Sprintf("%x", test.want)},
				{"element", fmt.Sprintf("%v", []Secret{test.secret}), "[" + test.want + "]"},
				{"text", string(text), test.want},
				{"JSON", fromJSON["s"], test.want},
				{"JSON of a pointer", fromJSON["p"], test.want},
				{"YAML", fromYAML["s"], test.want},
				{"YAML of a pointer", fromYAML["p"], test.want},
			} {
				if printed.got != printed.want {
					t.Errorf("%s: got %q, want %q", printed.form, printed.got, printed.want)
				}
			}
			for _, verb := range "tbcdoOxXUeEfFgGspvqw!" {
				if got := fmt.Sprintf("%"+string(verb), test.secret); strings.Contains(got, "hunter2") {
					t.Errorf("%%%c shows %q", verb, got)
				}
			}
		})
	}
}
