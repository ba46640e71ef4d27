package rocketchat

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

func TestTextOfTheServerIsShownWithoutAnyFormOfASecret(t *testing.T) {
	const token = "RScctEHSmLGZGywfIhWyRpyofhKOiMoUIpimhvheU3f" //nolint:gosec // G101: it opens nothing.
	remote := remoteText{secrets: []string{token, "rbAXPnMktTFbNpwtJ", "short"}}
	var percent, entities, spaced, wide strings.Builder
	for _, r := range token {
		fmt.Fprintf(&percent, "%%%02x", r)
		fmt.Fprintf(&entities, "&#%d;", r)
		fmt.Fprintf(&spaced, "%c ", r)
		wide.WriteRune(r + 0xFEE0)
	}
	for name, text := range map[string]string{
		"whole": token, "lower case": strings.ToLower(token), "but its end": token[:len(token)-1], "its first 40": token[:40],
		"ten of it": token[20:30], "spaced": spaced.String(), "backwards": reversed(token), "on two lines": token[:20] + "\r\n" + token[20:],
		"base64": base64.StdEncoding.EncodeToString([]byte(token)), "base64 for a URL": base64.RawURLEncoding.EncodeToString([]byte("x:" + token)),
		"hexadecimal": hex.EncodeToString([]byte(token)), "percent": percent.String(), "entities": entities.String(), "full width": wide.String(),
		"with dots": strings.Join(strings.Split(token, ""), "."), "the user id": "user rbAXPnMktTFbNpwtJ is unknown",
	} {
		// Either nothing of such a text is shown, or nothing but the words around it.
		switch got := remote.clean("before " + text + " after"); got {
		case "(text that holds a credential)", "before ... after":
		default:
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestTextOfTheServerIsOnePrintableLine(t *testing.T) {
	remote := remoteText{secrets: []string{"RScctEHSmLGZGywfIhWyRpyofhKOiMoUIpimhvheU3f"}}
	for text, want := range map[string]string{
		"operation exceeded time limit":                         "operation exceeded time limit",
		" two\n\tlines\r\n ":                                    "two lines",
		"a bell\a, \u202egnahc, \u00e9, \x7f":                   "a bell?, ?gnahc, ?, ?",
		"https://chat-production.department.example.com:8443/x": "https://chat-production.department.example.com:8443/x",
		"id " + strings.Repeat("x", 24):                         "id " + strings.Repeat("x", 24),
		"id " + strings.Repeat("x", 25):                         "id ...",
		strings.Repeat("ab ", 200):                              strings.Repeat("ab ", 100) + "...",
	} {
		if got := remote.clean(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
