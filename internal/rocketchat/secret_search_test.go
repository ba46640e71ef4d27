package rocketchat

import (
	"strings"
	"testing"
)

func TestASecretIsFoundInWhateverCaseAndPlace(t *testing.T) {
	const sought = "RScctEHS-2_x"
	s := remoteText{secrets: []string{"short", "pässwörd\u212a", sought, ""}}.search()
	for text, want := range map[string]bool{
		"":                                false,
		"sales":                           false,
		sought:                            true,
		strings.ToLower(sought):           true,
		strings.ToUpper(sought):           true,
		"x" + sought:                      true,
		sought + "x":                      true,
		sought[1:]:                        false,
		sought[:len(sought)-1]:            false,
		"é" + strings.ToUpper(sought):     true,
		"short":                           false, // Any text could hold it.
		"PÄSSWÖRDK":                       true,
		"pässwördk and more":              true,
		"passwordk":                       false,
		strings.Repeat("r", 300):          false,
		strings.Repeat("R", 300) + sought: true,
		"RScctEHS\r2_x":                   false, // Differs in the bit of the case alone, but is no letter.
	} {
		if got := s.finds(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}
