package config

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func readText(t *testing.T, elements ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// The examples of the documentation are taken as a reader would take them: a whole
// file, a part of a workspace, or a part of the top of the file.
func TestDocumentedExamplesLoad(t *testing.T) {
	t.Parallel()
	const workspace = "workspaces:\n  main:\n    url: https://chat.example.com\n    user_id: x\n    auth_token: x\n"
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(readText(t, "..", "..", "docs", "configuration.md"), -1)
	if len(examples) == 0 {
		t.Fatal("there are no examples")
	}
	directory := t.TempDir()
	writePair(t, directory)
	for _, example := range examples {
		file := example[1]
		switch {
		case strings.HasPrefix(file, "workspaces:"):
		case strings.HasPrefix(file, "http_client:"):
			file = workspace + "    " + strings.ReplaceAll(strings.TrimSpace(file), "\n", "\n    ")
		default:
			file = workspace + file
		}
		if _, err := parse(filepath.Join(directory, "config.yml"), []byte(file), environment(map[string]string{"CREDENTIALS_DIRECTORY": "/run"})); err != nil {
			t.Errorf("%s\n%v", file, err)
		}
	}
}

func TestEveryKeyIsDocumented(t *testing.T) {
	t.Parallel()
	reference := readText(t, "..", "..", "docs", "configuration.md")
	defaultFile := readText(t, "..", "..", "config.yml")
	http := httpClientSchema()
	keys := slices.Concat(rootSchema().keys, workspaceSchema().keys, http.keys, tlsSchema().keys, windowSchema().keys, rateLimitSchema().keys)
	for _, key := range keys {
		if !strings.Contains(reference, "`"+key+"`") {
			t.Errorf("docs/configuration.md does not mention `%s`", key)
		}
		if !strings.Contains(defaultFile, key+":") {
			t.Errorf("config.yml does not mention %s:", key)
		}
	}
	for key := range http.refused {
		if !strings.Contains(reference, "`"+key+"`") {
			t.Errorf("docs/configuration.md does not say that `%s` is refused", key)
		}
	}
	for _, period := range calendarPeriods() {
		if !strings.Contains(reference, "| `"+period+"` |") {
			t.Errorf("docs/configuration.md does not say what %s is", period)
		}
	}
}
