package rocketchat_test

import (
	"testing"

	"livechat_exporter/internal/rocketchat"
)

func TestATextOfTheNetworkIsShownWithoutSecrets(t *testing.T) {
	const secret = "RScctEHSmLGZGywf" //nolint:gosec // G101: it opens nothing but the double.
	for text, want := range map[string]string{
		"CN=chat.example.com,O=Example":  "CN=chat.example.com,O=Example",
		"two\nlines and \x1b[31mcolours": "two lines and ?[31mcolours",
		"CN=" + secret:                   "(text that holds a credential)",
		"CN=r-s-c-c-t-e-h-s-m-l":         "(text that holds a credential)",
	} {
		if got := rocketchat.ShownText(text, secret); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		if got := rocketchat.HoldsSecret(text, secret); got != (want == "(text that holds a credential)") {
			t.Errorf("%q: holds a secret: %v", text, got)
		}
	}
}
