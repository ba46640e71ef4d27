package config

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// Error is one mistake in the configuration.
type Error struct {
	// File is the name that [Load] was called with.
	File string
	// Line counts from 1; 0 is the file as a whole.
	Line int
	// Key is the key path, such as workspaces.main.url or windows[2]; empty if the mistake
	// belongs to no key.
	Key string
	// Message is what is wrong and what to do.
	Message string
}

// Error returns the mistake in one line.
func (e *Error) Error() string {
	text := e.File
	if e.Line > 0 {
		text += fmt.Sprintf(":%d", e.Line)
	}
	if e.Key != "" {
		text += ": " + e.Key
	}
	return text + ": " + e.Message
}

// document is a parsed file and the mistakes in it.
type document struct {
	file      string
	lookupEnv func(string) (string, bool)

	// Key paths by the positions that the decoder reports, and lines by key path. A mapping
	// can begin where its first key does, so keys and values are kept apart.
	keys, values map[position]string
	lines        map[string]int

	// secrets are the credentials in the file, and the values of the variables that it uses:
	// any of them can be a credential in the wrong place.
	secrets redactor

	mistakes []*Error
}

type position struct{ line, column int }

func (d *document) add(line int, key, format string, args ...any) {
	mistake := Error{File: d.file, Line: line, Key: key, Message: fmt.Sprintf(format, args...)}
	if !slices.ContainsFunc(d.mistakes, func(e *Error) bool { return *e == mistake }) { // Workspaces share settings.
		d.mistakes = append(d.mistakes, &mistake)
	}
}

// note notes a mistake at a key, in the line of its parent if the key is not in the file.
func (d *document) note(key, format string, args ...any) {
	parent, _ := splitKey(key)
	d.add(cmp.Or(d.lines[key], d.lines[parent]), key, format, args...)
}

// fail notes a mistake at a key, unless there is one at or below it already: one wrong
// value is one mistake, however many checks fail.
func (d *document) fail(key, format string, args ...any) {
	if !d.failed(key) {
		d.note(key, format, args...)
	}
}

// failed reports whether there is a mistake at or below a key.
func (d *document) failed(key string) bool {
	return slices.ContainsFunc(d.mistakes, func(e *Error) bool {
		rest, ok := strings.CutPrefix(e.Key, key)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

func splitKey(key string) (parent, name string) {
	i := strings.LastIndexByte(key, '.')
	return key[:max(i, 0)], key[i+1:]
}

// err returns the mistakes in the order of the file, without the secrets in them.
func (d *document) err() error {
	slices.SortStableFunc(d.mistakes, func(a, b *Error) int { return cmp.Compare(a.Line, b.Line) })
	var joined []error
	for _, e := range d.mistakes {
		e.Key, e.Message = d.secrets.redact(e.Key), d.secrets.redact(e.Message)
		joined = append(joined, e)
	}
	return errors.Join(joined...)
}

// parse returns the root of the only YAML document, or nil after a mistake.
func (d *document) parse(data []byte) *yaml.Node {
	// The keys need 5 levels, and the work of the parser grows with depth times length.
	const maxDepth = 50
	var doc yaml.Node
	if err := yaml.Load(data, &doc, yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth)))); err != nil {
		d.failSyntax(0, err)
		return nil
	}
	d.index(doc.Content[0], "")
	return doc.Content[0]
}

// failSyntax notes that the file, or its part that begins in a line, is not YAML. Messages
// that quote the file are replaced, because the text can be a token.
func (d *document) failSyntax(line int, err error) {
	message := err.Error()
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		message, line = strings.TrimPrefix(e.Message, "yaml: "), max(line, e.Mark.Line)
		if e.Stage == yaml.ComposerStage || e.Stage == yaml.ResolverStage {
			message = "an unknown alias or tag: quote a value that begins with * or !"
		}
	}
	d.add(line, "", "is not valid YAML: %s: check the encoding (UTF-8), the indentation (spaces, no tabs), the colons and the quotes", message)
}

// index notes the key path of each node, replaces variables, and refuses what the decoder
// passes over.
func (d *document) index(node *yaml.Node, key string) {
	d.values[position{node.Line, node.Column}] = key
	switch node.Kind {
	case yaml.MappingNode:
		d.indexMapping(node, key)
	case yaml.SequenceNode:
		for i, element := range node.Content {
			path := fmt.Sprintf("%s[%d]", key, i)
			d.lines[path] = element.Line
			d.index(element, path)
		}
	case yaml.ScalarNode:
		d.expand(node, key)
		if node.Tag == "!!null" || node.Value == "" {
			d.fail(key, "has no value: give it one, or remove the key")
		}
	}
}

// namePattern matches all keys and the names of workspaces.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// longestName bounds the keys and names of variables that are shown: tokens of Rocket.Chat
// are longer, and end up in their place by mistake.
const longestName = 40

// indexMapping is index for a mapping. It removes the keys that cannot be used.
func (d *document) indexMapping(node *yaml.Node, path string) {
	pairs := node.Content
	node.Content = nil
	for i := 0; i+1 < len(pairs); i += 2 {
		key, value := pairs[i], pairs[i+1]
		child := strings.TrimPrefix(path+"."+key.Value, ".")
		if !namePattern.MatchString(key.Value) || path != keyWorkspaces && len(key.Value) > longestName {
			d.secrets.add(key.Value) // Without a space after the colon, a key and its credential are one key.
		}
		switch {
		case key.Kind != yaml.ScalarNode || key.Value == "":
			d.add(key.Line, path, "a key must be a single word, followed by a colon and a space")
			continue
		case d.lines[child] > 0:
			d.add(key.Line, child, "is there already, in line %d: remove one of them", d.lines[child])
			continue
		}
		d.keys[position{key.Line, key.Column}], d.lines[child] = child, key.Line
		d.index(value, child)
		if slices.Contains([]string{"user_id", "auth_token", "password"}, key.Value) {
			d.secrets.add(dereference(value).Value)
		}
		node.Content = append(node.Content, key, value)
	}
}

// dereference replaces an alias by its target.
func dereference(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// reference matches $${, ${NAME}, and any other ${ with what follows.
var reference = regexp.MustCompile(`\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\{[^}]*\}?`)

// expand replaces ${NAME} in a value by the environment variable, once, and $${ by ${.
func (d *document) expand(node *yaml.Node, key string) {
	var names, unset []string
	value := reference.ReplaceAllStringFunc(node.Value, func(text string) string {
		if text == "$${" {
			return "${"
		}
		name := reference.FindStringSubmatch(text)[1]
		if name == "" {
			d.fail(key, "has a ${ that does not begin a ${NAME} of letters, digits and _: correct it, or write $${ where ${ is meant literally")
			return text
		}
		content, ok := d.lookupEnv(name)
		if names = append(names, name); !ok && !slices.Contains(unset, name) {
			unset = append(unset, name)
		}
		d.secrets.add(content)
		if len(name) > longestName {
			d.secrets.add(name)
		}
		return content
	})
	if value == "" {
		unset = names
	}
	if len(unset) > 0 {
		d.fail(key, "uses environment variables that are not set or empty: set %s", strings.Join(unset, ", "))
	} else if value != node.Value {
		// Without a tag the decoder infers the type, so that a variable can be a number.
		node.Value, node.Tag, node.Style = value, "", 0
	}
}
