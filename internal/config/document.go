package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

const (
	// maxFileBytes bounds the configuration file; a few inline certificates are the
	// most that it can reasonably hold.
	maxFileBytes = 1 << 20

	// maxDepth bounds how deep collections nest; the schema needs 5 levels. The YAML
	// parser's work grows with depth times length.
	maxDepth = 50
)

// readFile returns the content of the configuration file.
func readFile(file string) ([]byte, error) {
	data, err := readRegularFile(file, maxFileBytes)
	if err != nil {
		return nil, unreadableFile(file, err)
	}
	return data, nil
}

// unreadableFile says why the configuration file cannot be read and what to do about it.
func unreadableFile(file string, err error) *Error {
	mistake := &Error{File: file, cause: err}
	switch {
	case errors.Is(err, errNotRegular):
		mistake.Message = "is not a regular file: name the YAML file itself, not a directory, a pipe or a device"
	case errors.Is(err, errTooLarge):
		mistake.Message = "is larger than 1 MiB, more than any configuration needs: check that this is the right file"
	case errors.Is(err, fs.ErrNotExist):
		mistake.Message = "does not exist: check the path"
	case errors.Is(err, fs.ErrPermission):
		mistake.Message = "cannot be read: permission denied: let the exporter's user read it"
	default:
		mistake.Message = fmt.Sprintf("cannot be read: %v: check the path", operatingSystemError(err))
	}
	return mistake
}

// document parses data and returns the root of its only document. If it cannot, it has
// noted the mistake.
func (r *reader) document(data []byte) (root value, ok bool) {
	if line, problem := unreadable(data); problem != "" {
		r.fail(value{line: line}, "%s", problem)
		return value{}, false
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data),
		yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		r.failYAML(err)
		return value{}, false
	}

	first, err := loadNode(loader)
	switch {
	case errors.Is(err, io.EOF) || err == nil && isNull(first.Content[0]):
		r.fail(value{line: 1}, "the file is empty: it needs workspaces with an entry for each workspace")
		return value{}, false
	case err != nil:
		r.failYAML(err)
		return value{}, false
	}

	second, err := loadNode(loader)
	switch {
	case err == nil:
		r.fail(value{line: second.Line}, "a second document begins here: keep one, and remove the line ---")
		return value{}, false
	case !errors.Is(err, io.EOF):
		r.failYAML(err)
		return value{}, false
	}
	return value{node: first.Content[0], line: first.Content[0].Line}, true
}

// unreadable says in which line data stops being text that YAML can be made of.
func unreadable(data []byte) (line int, problem string) {
	line = 1
	for rest := data; len(rest) > 0; {
		char, size := utf8.DecodeRune(rest)
		switch {
		case char == utf8.RuneError && size == 1:
			return line, "is not UTF-8: save the file as UTF-8"
		case char == '\n':
			line++
		case char < ' ' && char != '\t' && char != '\r', char == 0xFFFE, char == 0xFFFF:
			return line, fmt.Sprintf("holds the control character %U: remove it, and save the file as UTF-8", char)
		}
		rest = rest[size:]
	}
	return 0, ""
}

// loadNode returns the next document, or io.EOF.
func loadNode(loader *yaml.Loader) (node *yaml.Node, err error) {
	// The library panics where it finds itself in a state that it holds to be
	// impossible. A strange file must end as a message all the same.
	defer func() {
		if recover() != nil {
			node, err = nil, errors.New("the YAML library cannot handle this file")
		}
	}()
	node = new(yaml.Node)
	if err := loader.Load(node); err != nil {
		return nil, err //nolint:wrapcheck // The caller makes the message, and knows io.EOF.
	}
	return node, nil
}

// failYAML notes that the file is not YAML. Most of the library's messages are fixed
// sentences. Those that quote the file are replaced: what they quote is often a token
// that begins with a character which means something in YAML.
func (r *reader) failYAML(err error) {
	loadError, ok := errors.AsType[*yaml.LoadError](err)
	if !ok {
		r.fail(value{}, "is not valid YAML: %v", err)
		return
	}
	message := loadError.Message
	switch {
	case loadError.Stage == yaml.ComposerStage:
		message = "an alias without an anchor: quote a value that begins with *"
	case strings.HasPrefix(message, "found character '"):
		message = "a tag with a character that tags cannot have: quote a value that begins with !"
	case strings.HasPrefix(message, "exceeded max depth"):
		message = fmt.Sprintf("brackets or indented blocks are nested more than %d deep: check them", maxDepth)
	case loadError.ContextMark.Line > 0 && loadError.ContextMark.Line < loadError.Mark.Line:
		message = fmt.Sprintf("%s (%s that begins in line %d): check the indentation (spaces, no tabs), the colons and the quotes",
			message, loadError.ContextMsg, loadError.ContextMark.Line)
	default:
		message += ": check the indentation (spaces, no tabs), the colons and the quotes"
	}
	r.fail(value{line: loadError.Mark.Line}, "is not valid YAML: %s", message)
}
