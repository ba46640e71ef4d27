package rocketchat

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestWhatHasNoVersionIsRefused(t *testing.T) {
	for text, want := range map[string]error{
		`{"version":"8.1.0-rc.2+build_7","x":{"version":1}}`: nil,
		`{"version":"` + strings.Repeat("8", 64) + `"}`:      nil,
		``:                              errBlank,
		`[]`:                            errNotAnObject,
		`{`:                             errTruncated,
		`{"version":`:                   errTruncated,
		`{"version":"8`:                 errTruncated,
		`{"version":"8"`:                errTruncated,
		`{"version":"8"}x`:              errNotJSON,
		`{}`:                            errNoVersion,
		`{"version":""}`:                errNoVersion,
		`{"version":8}`:                 errNoVersion,
		`{"version":null}`:              errNoVersion,
		`{"version":"8 "}`:              errNoVersion,
		`{"version":"8\n"}`:             errNoVersion,
		`{"version":"ä"}`:               errNoVersion,
		`{"version":"8","version":"8"}`: errRepeatedKey,
		`{"version":"` + strings.Repeat("8", 65) + `"}`: errNoVersion,
	} {
		if _, err := decodeInfo(strings.NewReader(text)); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", text, err, want)
		}
	}
}

// What is accepted is JSON, and means what encoding/json says that it means.
func FuzzDecodeInfo(f *testing.F) {
	for _, text := range []string{"", "{}", `{"version":"8.0","success":true}`, `{"info":{},"version":"\u0038"}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		version, err := decodeInfo(strings.NewReader(string(text)))
		if err != nil {
			return
		}
		var want map[string]any // A struct would also take keys of another case.
		if err := json.Unmarshal(text, &want); err != nil || want["version"] != version || version == "" {
			t.Errorf("got %q of %q, which is read with error %v", version, text, err)
		}
	})
}
