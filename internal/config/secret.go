package config

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	promconfig "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v4"

	"livechat_exporter/internal/rocketchat"
)

// hidden is what is shown of a secret.
const hidden = "<secret>"

// Secret is a text that is never shown: printed or written as YAML it is <secret>.
type Secret string

// String returns <secret>, or nothing if the secret is not set.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString returns the same, quoted.
func (s Secret) GoString() string { return strconv.Quote(s.String()) }

// MarshalYAML writes <secret>.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// UnmarshalYAML takes any single value as it is written, without white space around it: a
// user id can look like a number.
func (s *Secret) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.ScalarNode {
		return errors.New("must be a single value")
	}
	*s = Secret(strings.TrimSpace(node.Value))
	return nil
}

// source returns how to read a credential that is a value or in a file.
func source(value, file Secret) rocketchat.Source {
	if file == "" {
		return promconfig.NewInlineSecret(string(value)).Fetch
	}
	secret := promconfig.NewFileSecret(string(file))
	return func(ctx context.Context) (string, error) {
		text, err := secret.Fetch(ctx)
		return text, withoutPath(err) // The name can be a token in the wrong key.
	}
}

// redactor removes secrets from texts.
type redactor struct{ secrets []string }

// add adds secrets, as they are and as %q writes them. Short ones would make texts unreadable.
func (r *redactor) add(secrets ...string) {
	const shortest = 6
	for _, secret := range secrets {
		if secret = strings.TrimSpace(secret); len(secret) >= shortest {
			r.secrets = append(r.secrets, secret, strings.Trim(strconv.Quote(secret), `"`))
		}
	}
}

// redact returns the text with <secret> in place of each secret.
func (r *redactor) redact(text string) string {
	// One secret can contain another one.
	slices.SortFunc(r.secrets, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, secret := range r.secrets {
		text = strings.ReplaceAll(text, secret, hidden)
	}
	return text
}
