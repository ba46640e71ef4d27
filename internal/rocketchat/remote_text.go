package rocketchat

import (
	"strings"
	"unicode"
)

// remoteText makes text that came from the network fit for a log line. A server,
// or a proxy before it, can put anything into its answer, the token that it was
// sent included.
type remoteText struct {
	secrets []string
}

const (
	// maxRemoteText bounds what is shown of such a text, in characters.
	maxRemoteText = 300
	// minSecret is the length from which on a secret is looked for. The
	// server's ids have 17 characters and its tokens 43; a short one is a
	// mistake, and would be found in any text.
	minSecret = 8
)

// clean returns the text in one printable line of bounded length. A text that
// holds a secret, in whatever case it comes back, is not shown at all.
func (t remoteText) clean(text string) string {
	for _, secret := range t.secrets {
		if len(secret) >= minSecret && strings.Contains(strings.ToLower(text), strings.ToLower(secret)) {
			return "(text that holds a credential)"
		}
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if short := []rune(text); len(short) > maxRemoteText {
		return string(short[:maxRemoteText]) + "..."
	}
	return text
}
