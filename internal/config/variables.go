package config

import (
	"fmt"
	"regexp"
	"strings"
)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand replaces each ${NAME} in written by what lookupEnv returns for NAME, and each
// $${ by ${. What was put in is not looked at again. The variables are those that were
// replaced, each once.
//
// The problems show names of variables and nothing else of written, which may be a
// credential with ${ in it.
func expand(written string, lookupEnv func(string) (string, bool)) (content string, variables, problems []string) {
	const literal = "; write $${ where ${ is meant literally"
	var b strings.Builder
	seen := map[string]bool{}
	for rest := written; rest != ""; {
		before, _, found := strings.Cut(rest, "$")
		b.WriteString(before)
		if !found {
			break
		}
		rest = rest[len(before):]
		switch {
		case strings.HasPrefix(rest, "$${"):
			b.WriteString("${")
			rest = rest[len("$${"):]
			continue
		case !strings.HasPrefix(rest, "${"):
			b.WriteByte('$')
			rest = rest[len("$"):]
			continue
		}
		name, after, closed := strings.Cut(rest[len("${"):], "}")
		if !closed {
			return "", nil, append(problems, "a ${ is not closed: write ${NAME}"+literal)
		}
		rest = after
		if !variableName.MatchString(name) {
			problems = append(problems, "a ${...} does not hold the name of an environment variable "+
				"(letters, digits and _, not beginning with a digit; there are no defaults such as ${NAME:-x}): write ${NAME}"+literal)
			continue
		}
		replacement, set := lookupEnv(name)
		b.WriteString(replacement)
		if seen[name] {
			continue
		}
		seen[name] = true
		if !set && len(name) > maxShownBytes {
			problems = append(problems, "a variable whose name is not shown, because it is longer than 40 characters and "+
				"may be a credential, is not set: set it; write a credential itself without ${ and }")
			continue
		}
		if !set {
			problems = append(problems, fmt.Sprintf("the environment variable %s is not set: set it", name))
			continue
		}
		variables = append(variables, name)
	}
	return b.String(), variables, problems
}
