package config

import (
	"reflect"
	"testing"
	"time"

	promconfig "github.com/prometheus/common/config"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://chat.example.com":             "https://chat.example.com:443",
		"https://chat.example.com:443":         "https://chat.example.com:443",
		"https://Chat.EXAMPLE.com:443/support": "https://chat.example.com:443",
		"https://chat.example.com:80":          "https://chat.example.com:80",
		"http://chat.example.com":              "http://chat.example.com:80",
		"http://chat.example.com:00080/x":      "http://chat.example.com:80",
		"http://chat.example.com:3000":         "http://chat.example.com:3000",
		"http://10.0.0.1:3000":                 "http://10.0.0.1:3000",
		"https://[::1]":                        "https://[::1]:443",
		"https://[0:0:0::1]:443/x":             "https://[::1]:443",
		"https://[FE80::1%25eth0]:3000":        "https://[fe80::1%eth0]:3000",
	} {
		if got := (Workspace{URL: mustParseURL(t, url)}).Address(); got != want {
			t.Errorf("%s: got %s, want %s", url, got, want)
		}
	}
}

// identical returns a workspace with every field set, made anew each time.
func identical(t *testing.T) Workspace {
	t.Helper()
	return Workspace{
		Name:      "main",
		URL:       mustParseURL(t, "https://chat.example.com/support"),
		UserID:    Secret{&source{value: "id"}},
		AuthToken: Secret{&source{file: "token", key: "workspaces.main.auth_token_file"}},
		Username:  Secret{&source{value: "name", form: loginText}},
		Password:  Secret{&source{value: "password", form: loginText}},
		HTTPClient: promconfig.HTTPClientConfig{
			TLSConfig:   promconfig.TLSConfig{CAFile: "ca.pem", Key: "key"},
			ProxyConfig: promconfig.ProxyConfig{ProxyURL: promconfig.URL{URL: mustParseURL(t, "http://proxy.example.com")}},
		},
		Windows:           []Window{{Name: "24h", Duration: 24 * time.Hour, Refresh: time.Minute}},
		Location:          mustLoadLocation(t, "Europe/Berlin"),
		InactivityTimeout: time.Hour,
		Counter:           true,
		Rooms:             true,
		Departments:       true,
		RateLimit:         RateLimit{Calls: 10, Per: time.Minute},
		Timeout:           time.Second,
		MaxAge:            time.Minute,
	}
}

func TestEqualAndSameAccount(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		field       string
		change      func(w *Workspace)
		sameAccount bool
	}{
		{"Name", func(w *Workspace) { w.Name = "other" }, true},
		{"URL", func(w *Workspace) { w.URL = mustParseURL(t, "https://chat.example.com/sales") }, false},
		{"URL", func(w *Workspace) { w.URL = mustParseURL(t, "https://other.example.com/support") }, false},
		{"URL", func(w *Workspace) { w.URL = mustParseURL(t, "https://Chat.example.com:443/support") }, true},
		{"UserID", func(w *Workspace) { w.UserID.source.value = "other" }, false},
		{"UserID", func(w *Workspace) { w.UserID = Secret{} }, false},
		{"AuthToken", func(w *Workspace) { w.AuthToken.source.file = "other" }, false},
		{"AuthToken", func(w *Workspace) { w.AuthToken = Secret{&source{value: "token"}} }, false},
		{"Username", func(w *Workspace) { w.Username.source.value = "other" }, false},
		{"Password", func(w *Workspace) { w.Password.source.value = "other" }, false},
		{"HTTPClient", func(w *Workspace) { w.HTTPClient.TLSConfig.Key = "other" }, true},
		{"HTTPClient", func(w *Workspace) { w.HTTPClient.TLSConfig.CAFile = "other.pem" }, true},
		{"HTTPClient", func(w *Workspace) { w.HTTPClient.ProxyURL.Host = "other.example.com" }, true},
		{"Windows", func(w *Workspace) { w.Windows[0].Name = "day" }, true},
		{"Windows", func(w *Workspace) { w.Windows[0].Refresh = 0 }, true},
		{"Location", func(w *Workspace) { w.Location = time.UTC }, true},
		{"InactivityTimeout", func(w *Workspace) { w.InactivityTimeout = 0 }, true},
		{"Counter", func(w *Workspace) { w.Counter = false }, true},
		{"Rooms", func(w *Workspace) { w.Rooms = false }, true},
		{"Departments", func(w *Workspace) { w.Departments = false }, true},
		{"RateLimit", func(w *Workspace) { w.RateLimit.Calls = 0 }, true},
		{"Timeout", func(w *Workspace) { w.Timeout = 0 }, true},
		{"MaxAge", func(w *Workspace) { w.MaxAge = 0 }, true},
	} {
		w, other := identical(t), identical(t)
		if !w.Equal(other) || !other.Equal(w) || !w.SameAccount(other) {
			t.Fatal("two workspaces that are configured alike are not equal")
		}
		test.change(&other)
		if w.Equal(other) || other.Equal(w) {
			t.Errorf("%s is changed, and the workspaces are equal", test.field)
		}
		if got := w.SameAccount(other); got != test.sameAccount || other.SameAccount(w) != got {
			t.Errorf("%s is changed: got the same account %v, want %v", test.field, got, test.sameAccount)
		}
	}
}

// A field that nobody set would make TestEqualAndSameAccount blind for it.
func TestIdenticalSetsEveryField(t *testing.T) {
	t.Parallel()
	for field, content := range reflect.ValueOf(identical(t)).Fields() {
		if field.IsExported() && content.IsZero() {
			t.Errorf("%s is not set", field.Name)
		}
	}
}
