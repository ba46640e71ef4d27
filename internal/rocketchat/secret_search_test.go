package rocketchat

import (
	"strings"
	"testing"
)

func TestASecretIsFoundInWhateverCaseAndPlace(t *testing.T) {
	const secret = "RScctEHS-2_x"
	s := remoteText{secrets: []string{"short", "pässwörd\u212a", secret, ""}}.search()
	for text, want := range map[string]bool{
		"":                                false,
		"sales":                           false,
		secret:                            true,
		strings.ToLower(secret):           true,
		strings.ToUpper(secret):           true,
		"x" + secret:                      true,
		secret + "x":                      true,
		secret[1:]:                        false,
		secret[:len(secret)-1]:            false,
		"é" + strings.ToUpper(secret):     true,
		"short":                           false, // Any text could hold it.
		"PÄSSWÖRDK":                       true,
		"pässwördk and more":              true,
		"passwordk":                       false,
		strings.Repeat("r", 300):          false,
		strings.Repeat("R", 300) + secret: true,
		"RScctEHS\r2_x":                   false, // Differs in the bit of the case alone, but is no letter.
	} {
		if got := s.finds(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}
