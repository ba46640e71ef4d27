package config

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A credential that was put where a name belongs must not be shown as one: {auth_token:x}
// is a single key, because no space follows the colon; {auth_token, x} has two; and
// ${x} refers to a variable.

const (
	// maxShownBytes bounds the names that are shown. A personal access token has 43
	// characters, which are those of names too.
	maxShownBytes = 40

	// minPartBytes is how long a credential must be to be looked for inside of a name.
	// Shorter ones, which Rocket.Chat does not make, are parts of ordinary words.
	minPartBytes = 8
)

// namePattern matches the names that a workspace can have, and all keys.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// knownCredentials are the credentials that stand in the file, by their length.
type knownCredentials map[int]map[string]bool

// add notes a credential.
func (known knownCredentials) add(credential string) {
	if known[len(credential)] == nil {
		known[len(credential)] = map[string]bool{}
	}
	known[len(credential)][credential] = true
}

// in reports whether name is a credential, or has one in it.
func (known knownCredentials) in(name string) bool {
	if known[len(name)][name] {
		return true
	}
	for length, credentials := range known {
		if length < minPartBytes {
			continue
		}
		for begin := 0; begin+length <= len(name); begin++ {
			if credentials[name[begin:begin+length]] {
				return true
			}
		}
	}
	return false
}

// isIdentity reports whether key holds what no name may hold. A username is none: it is
// no secret, and made of the words that names are made of.
func isIdentity(key string) bool {
	return key == keyUserID || key == keyAuthToken || key == keyPassword
}

// findCredentials notes the credentials that stand in the file, wherever they do.
func (r *reader) findCredentials(node *yaml.Node) {
	for i, child := range node.Content {
		r.findCredentials(child)
		if node.Kind != yaml.MappingNode || i%2 == 0 || child.Kind != yaml.ScalarNode || !isIdentity(node.Content[i-1].Value) {
			continue
		}
		// What is wrong with the variables is noted where the value is read.
		content, _, _ := expand(child.Value, r.lookupEnv)
		if credential := strings.TrimSpace(content); credential != "" {
			r.credentials.add(credential)
		}
	}
}

// shows reports whether name, which stands where a key belongs, can be shown.
func (r *reader) shows(name string) bool {
	return namePattern.MatchString(name) && len(name) <= maxShownBytes && (!r.credentials.in(name) || isKey(name))
}

// isKey reports whether name is a key somewhere in a configuration.
func isKey(name string) bool {
	schemas := []schema{rootSchema(), workspaceSchema(), httpClientSchema(), tlsSchema(), windowSchema(), rateLimitSchema()}
	return slices.ContainsFunc(schemas, func(s schema) bool { return slices.Contains(s.keys, name) })
}

// shownVariables lists the names of variables.
func shownVariables(names []string) string {
	shown := make([]string, 0, len(names))
	for _, name := range names {
		if len(name) > maxShownBytes {
			name = "a variable whose name is longer than 40 characters"
		}
		shown = append(shown, name)
	}
	return strings.Join(shown, ", ")
}

// withoutLongVariables returns written without the names of variables that are not shown.
func withoutLongVariables(written string, names []string) string {
	for _, name := range names {
		if len(name) > maxShownBytes {
			written = strings.ReplaceAll(written, "${"+name+"}", "${...}")
		}
	}
	return written
}
