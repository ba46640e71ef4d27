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
	return oneAtATime(func(ctx context.Context) (string, error) {
		text, err := promconfig.NewFileSecret(string(file)).Fetch(ctx)
		return text, withoutPath(err) // The name can be a token in the wrong key.
	})
}

// oneAtATime returns a function that reads a file unless an earlier call still does, and
// fails when ctx ends: reading a pipe or a dead mount may never end, and holds a thread.
func oneAtATime[T any](read func(context.Context) (T, error)) func(context.Context) (T, error) {
	type result struct {
		value T
		err   error
	}
	turn := make(chan struct{}, 1)
	return func(ctx context.Context) (T, error) {
		done := make(chan result, 1)
		select {
		case turn <- struct{}{}:
			go func() {
				value, err := read(ctx)
				<-turn
				done <- result{value, err}
			}()
		case <-ctx.Done():
		}
		select {
		case r := <-done:
			return r.value, r.err
		case <-ctx.Done():
			return *new(T), errors.New("reading files takes too long: one may be a pipe, or on a dead mount")
		}
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
