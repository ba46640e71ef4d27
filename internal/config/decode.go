package config

import (
	"cmp"
	"errors"
	"reflect"
	"slices"
	"strings"

	promconfig "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v4"

	"livechat_exporter/internal/budget"
)

// decode decodes a node into out, which holds the defaults. Repeated keys are removed by
// then.
func (d *document) decode(node *yaml.Node, out any) {
	err := node.Load(out, yaml.WithKnownFields(), yaml.WithUniqueKeys(false))
	if several, ok := errors.AsType[*yaml.LoadErrors](err); ok {
		for _, e := range several.Errors {
			d.failDecode(e)
		}
	} else if err != nil {
		d.failSyntax(node.Line, err)
	}
}

const (
	noDuration = "is not a duration: write whole numbers with the units y, w, d, h, m, s and ms, the largest first, such as 30s, 24h or 1d12h"
	noVersion  = "is not a version of TLS: write TLS10, TLS11, TLS12 or TLS13"
)

// messages, by key, replace those of other packages, which quote the value.
var messages = map[string]string{
	keyURL: "is not a URL: write one such as https://chat.example.com", "proxy_url": "is not a URL: write one such as http://proxy.example.com:3128", "min_version": noVersion, "max_version": noVersion,
	"inactivity_timeout": noDuration, "timeout": noDuration, "max_age": noDuration, "per": noDuration,
}

// kinds is what to write for the types that the decoder's messages end with.
var kinds = map[string]string{
	"bool": "true or false", "int": "a whole number", "string": "a single value", "[]window.Window": "a list, such as [24h, today]",
}

// failDecode notes a mistake that the decoder found, in the words of the documentation.
func (d *document) failDecode(e *yaml.LoadError) {
	at := position{e.Mark.Line, e.Mark.Column}
	key := d.values[at]
	_, name := splitKey(key)
	switch {
	case strings.Contains(e.Message, " not found in type "):
		parent, _ := splitKey(d.keys[at])
		d.fail(d.keys[at], "unknown key: the keys here are %s", strings.Join(knownKeys(parent), ", "))
	case messages[name] != "":
		d.fail(key, "%s", messages[name])
	case strings.HasPrefix(e.Message, "cannot construct "):
		kind := kinds[e.Message[strings.LastIndex(e.Message, " ")+1:]]
		d.fail(key, "must be %s", cmp.Or(kind, "a mapping (key: value)"))
	default:
		d.fail(key, "%s", e.Message)
	}
}

// knownKeys returns the keys that the mapping at a path can have.
func knownKeys(path string) []string {
	_, name := splitKey(path)
	mappings := map[string]any{"rate_limit": budget.Limit{}, "http_client": HTTPClient{}, "tls_config": promconfig.TLSConfig{}}
	switch _, common := workspaceKeys(); {
	case path == "":
		return append([]string{keyWorkspaces}, common...)
	case mappings[name] != nil:
		return keysOf(mappings[name])
	default:
		return keysOf(Workspace{})
	}
}

// workspaceKeys returns the keys that only a workspace can have, and those that can be at
// the top of the file too.
func workspaceKeys() (own, common []string) {
	keys := keysOf(Workspace{})
	i := slices.Index(keys, "windows")
	return keys[:i], keys[i:]
}

// keysOf returns the keys of a struct with yaml tags. Keys that end with _ref refer to a
// secret manager, which the exporter does not have.
func keysOf(v any) []string {
	var keys []string
	for field := range reflect.TypeOf(v).Fields() {
		if key, _, _ := strings.Cut(field.Tag.Get("yaml"), ","); field.IsExported() && key != "-" && !strings.HasSuffix(key, "_ref") {
			keys = append(keys, key)
		}
	}
	return keys
}
