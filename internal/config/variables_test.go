package config

import (
	"slices"
	"strings"
	"testing"
)

func TestExpand(t *testing.T) {
	t.Parallel()
	lookup := environment(map[string]string{
		"A": "a", "B_2": "b", "_": "underscore", "EMPTY": "", "NESTED": "${A}$${A}", "DOLLAR": "$", "OPEN": "${",
	})
	for _, test := range []struct {
		written, want string
		variables     []string
	}{
		{"", "", nil},
		{"text", "text", nil},
		{"${A}", "a", []string{"A"}},
		{"x${A}y${B_2}z", "xaybz", []string{"A", "B_2"}},
		{"${A}${A}${_}", "aaunderscore", []string{"A", "_"}},
		{"<${EMPTY}>", "<>", []string{"EMPTY"}},
		{"$", "$", nil},
		{"$$", "$$", nil},
		{"$A $(A) 5$", "$A $(A) 5$", nil},
		{"{A}", "{A}", nil},
		{"$${A}", "${A}", nil},
		{"$$${A}", "$${A}", nil},
		{"$${A}${A}", "${A}a", []string{"A"}},
		{"$${", "${", nil},
		{"${NESTED}", "${A}$${A}", []string{"NESTED"}},
		{"${DOLLAR}{A}", "${A}", []string{"DOLLAR"}},
		{"${OPEN}A}", "${A}", []string{"OPEN"}},
		{"}${A}}", "}a}", []string{"A"}},
	} {
		got, variables, problems := expand(test.written, lookup)
		if got != test.want || !slices.Equal(variables, test.variables) || len(problems) != 0 {
			t.Errorf("expand(%q) = %q, %q, %q, want %q, %q", test.written, got, variables, problems, test.want, test.variables)
		}
	}
}

func TestExpandProblems(t *testing.T) {
	t.Parallel()
	const (
		open    = "a ${ is not closed: write ${NAME}; write $${ where ${ is meant literally"
		badName = "a ${...} does not hold the name of an environment variable (letters, digits and _, not beginning with a digit; " +
			"there are no defaults such as ${NAME:-x}): write ${NAME}; write $${ where ${ is meant literally"
		unset = "the environment variable NOBODY is not set: set it"
	)
	for _, test := range []struct {
		written string
		want    []string
	}{
		{"${", []string{open}},
		{"${A", []string{open}},
		{"${A${A}", []string{badName}},
		{"${}", []string{badName}},
		{"${ A}", []string{badName}},
		{"${1}", []string{badName}},
		{"${A-b}", []string{badName}},
		{"${A:-b}", []string{badName}},
		{"${Ä}", []string{badName}},
		{"${A\n}", []string{badName}},
		{"${NOBODY}", []string{unset}},
		{"${NOBODY}${NOBODY}${A}", []string{unset}},
		{"${NOBODY}${1}${", []string{unset, badName, open}},
	} {
		_, _, problems := expand(test.written, environment(map[string]string{"A": "a"}))
		if !slices.Equal(problems, test.want) {
			t.Errorf("expand(%q): got %q, want %q", test.written, problems, test.want)
		}
	}
}

func TestExpandAsksOnlyForVariables(t *testing.T) {
	t.Parallel()
	var asked []string
	expand("a ${B} $${C} $D ${E F} ${G}", func(name string) (string, bool) {
		asked = append(asked, name)
		return "${H}", true
	})
	if got, want := strings.Join(asked, " "), "B G"; got != want {
		t.Errorf("asked for %q, want %q", got, want)
	}
}
