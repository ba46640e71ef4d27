package rocketchat

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// remoteText makes text that came from the network fit for a log line. A server,
// or a proxy before it, can put anything into its answer: the token that it was
// sent, a part of it, or an encoding of it.
type remoteText struct {
	secrets []string
	// unseen texts are not shown at all: the call carried a password, which can be
	// too short to be found, or have no letters.
	unseen bool
}

const (
	// maxRemoteText bounds what is shown of such a text, in bytes.
	maxRemoteText = 300
	// maxRemoteWord bounds what is shown of one word. Words of people are
	// shorter; encodings of a token (base64, hexadecimal, percent) are longer.
	maxRemoteWord = 24
	// partOfSecret is how many characters of a secret in a row give it away. A
	// shorter secret is not looked for: the server's ids have 17 characters and
	// its tokens 43, and a short one would be found in any text.
	partOfSecret = 8
)

// clean returns the text in one line of printable ASCII without long words. A text
// that holds a secret or a part of one is not shown at all.
func (t remoteText) clean(text string) string {
	if t.unseen {
		return "(text that could hold the password)"
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || '\t' <= r && r <= '\r':
			return ' '
		case r < ' ' || r > '~':
			return '?'
		default:
			return r
		}
	}, text)
	if t.tells(text) {
		return "(text that holds a credential)"
	}
	words := strings.Fields(text)
	for i, word := range words {
		words[i] = shortened(word)
	}
	text = strings.Join(words, " ")
	if len(text) > maxRemoteText {
		return text[:maxRemoteText] + "..."
	}
	return text
}

// shortened leaves out the parts of a word that are too long. Host names are words
// whose parts a dot or a colon ends.
func shortened(word string) string {
	var b strings.Builder
	for part := range strings.SplitAfterSeq(word, ".") {
		for piece := range strings.SplitAfterSeq(part, ":") {
			if len(piece) > maxRemoteWord {
				piece = "..."
			}
			b.WriteString(piece)
		}
	}
	return b.String()
}

// secretSearch finds whole secrets in texts, in whatever case. It is made once for many
// texts: each id of an answer is looked at.
type secretSearch []soughtSecret

type soughtSecret struct {
	lower string
	plain bool // Whether it is ASCII.
}

// search returns the search for the secrets.
func (t remoteText) search() secretSearch {
	var s secretSearch
	for _, secret := range t.secrets {
		if len(secret) >= partOfSecret {
			s = append(s, soughtSecret{lower: strings.ToLower(secret), plain: isASCII(secret)})
		}
	}
	return s
}

// finds reports whether the text holds one of the secrets.
func (s secretSearch) finds(text string) bool {
	plain := isASCII(text)
	for _, secret := range s {
		if plain && secret.plain {
			if containsPlain(text, secret.lower) {
				return true
			}
		} else if strings.Contains(strings.ToLower(text), secret.lower) {
			return true
		}
	}
	return false
}

// containsPlain reports whether the text contains the part in whatever case, where both
// are ASCII. Unlike strings.ToLower it copies nothing.
func containsPlain(text, part string) bool {
	const caseBit = 'a' - 'A'
	for i := 0; i+len(part) <= len(text); i++ {
		if text[i]|caseBit == part[0]|caseBit && strings.EqualFold(text[i:i+len(part)], part) {
			return true
		}
	}
	return false
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// tells reports whether the text holds a part of a secret, forwards or backwards, in
// whatever case and with whatever between its letters and digits.
func (t remoteText) tells(text string) bool {
	text = lettersAndDigits(text)
	backwards := reversed(text)
	for _, secret := range t.secrets {
		secret = lettersAndDigits(secret)
		for i := 0; i+partOfSecret <= len(secret); i++ {
			part := secret[i : i+partOfSecret]
			if strings.Contains(text, part) || strings.Contains(backwards, part) {
				return true
			}
		}
	}
	return false
}

// lettersAndDigits returns these of the text, in lower case.
func lettersAndDigits(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		default:
			return -1
		}
	}, text)
}

// reversed returns the bytes of the text backwards.
func reversed(text string) string {
	b := []byte(text)
	slices.Reverse(b)
	return string(b)
}
