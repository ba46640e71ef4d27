package config

import "strings"

// The keys of the account that asks. It is given by a user id and a token, or by what a
// user logs in with.
const (
	keyUserID    = "user_id"
	keyAuthToken = "auth_token"
	keyUsername  = "username"
	keyPassword  = "password"
	fileSuffix   = "_file"
)

// credentialKeys returns the keys of both kinds of credentials.
func credentialKeys() []string {
	return []string{
		keyUserID, keyUserID + fileSuffix, keyAuthToken, keyAuthToken + fileSuffix,
		keyUsername, keyPassword, keyPassword + fileSuffix,
	}
}

// account reads the credentials of w, which stand in the fields of parent: exactly one of
// the two kinds.
func (r *reader) account(w *Workspace, parent value, fields map[string]value) {
	_, hasToken := first(fields, keyUserID, keyUserID+fileSuffix, keyAuthToken, keyAuthToken+fileSuffix)
	login, hasLogin := first(fields, keyUsername, keyPassword, keyPassword+fileSuffix)
	switch {
	case hasToken && hasLogin:
		r.fail(login, "stands beside the keys of the other kind of credentials: "+
			"keep either user_id and auth_token, or username and password")
	case hasLogin:
		w.Username = r.username(parent, fields)
		w.Password = r.credential(parent, fields, keyPassword, loginText, "the password of that user")
	case hasToken:
		w.UserID = r.credential(parent, fields, keyUserID, headerValue, "the _id of the Rocket.Chat user")
		w.AuthToken = r.credential(parent, fields, keyAuthToken, headerValue, "a personal access token of that user")
	default:
		r.fail(parent, "has no credentials: add user_id and auth_token (or user_id_file and auth_token_file), "+
			"or username and password (or password_file)")
	}
}

// first returns the value of the first of keys that is there.
func first(fields map[string]value, keys ...string) (v value, ok bool) {
	for _, key := range keys {
		if v, ok = fields[key]; ok {
			return v, true
		}
	}
	return value{}, false
}

// username reads the name to log in with.
func (r *reader) username(parent value, fields map[string]value) Secret {
	v, ok := fields[keyUsername]
	if !ok {
		r.failMissing(parent, keyUsername, "the name that the user of the password logs in with")
		return Secret{}
	}
	return r.inlineCredential(v, loginText)
}

// credential reads the key name, or the key that names a file instead.
func (r *reader) credential(parent value, fields map[string]value, name string, f form, meaning string) Secret {
	inline, hasInline := fields[name]
	file, hasFile := fields[name+fileSuffix]
	switch {
	case hasInline && hasFile:
		r.fail(file, "%s is there too: remove one of them", name)
		return Secret{}
	case hasFile:
		p, _ := r.path(file)
		return Secret{&source{file: p.file, key: file.key, form: f}}
	case hasInline:
		return r.inlineCredential(inline, f)
	default:
		r.failMissing(parent, name, meaning+", or the file that holds it as "+name+fileSuffix)
		return Secret{}
	}
}

// inlineCredential reads a credential that is written in the file or the environment.
func (r *reader) inlineCredential(v value, f form) Secret {
	t, ok := r.text(v)
	if !ok {
		return Secret{}
	}
	credential := strings.TrimSpace(t.content)
	if credential == "" {
		r.failText(t, "holds white space alone: give it a value")
		return Secret{}
	}
	if err := f.check(credential); err != nil {
		r.failText(t, "%v", err)
		return Secret{}
	}
	return Secret{&source{value: credential, form: f}}
}
