package config

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // The exporter has the time zones compiled in; so have its tests.

	promconfig "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v4"
)

// environment makes a lookupEnv of a map.
func environment(variables map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		content, ok := variables[name]
		return content, ok
	}
}

// load loads a file that has no mistakes.
func load(t *testing.T, file string, variables map[string]string) *Config {
	t.Helper()
	c, err := Load(file, environment(variables))
	if err != nil {
		t.Fatalf("Load(%s): %v", file, err)
	}
	return c
}

func mustParseURL(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func mustLoadLocation(t *testing.T, name string) *time.Location {
	t.Helper()
	location, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return location
}

// diffWorkspaces compares field by field, so that a failure names the field.
func diffWorkspaces(t *testing.T, got, want Workspace) {
	t.Helper()
	gotValue, wantValue := reflect.ValueOf(got), reflect.ValueOf(want)
	for field, gotField := range gotValue.Fields() {
		wantField := wantValue.FieldByIndex(field.Index)
		if field.IsExported() && !reflect.DeepEqual(gotField.Interface(), wantField.Interface()) {
			t.Errorf("%s: got %#v, want %#v", field.Name, gotField.Interface(), wantField.Interface())
		}
	}
}

func defaultWindows() []Window {
	return []Window{
		{Name: "6h", Duration: 6 * time.Hour},
		{Name: "24h", Duration: 24 * time.Hour},
		{Name: "7d", Duration: 7 * 24 * time.Hour},
		{Name: "today", Calendar: "today"},
	}
}

// withDefaults returns w with the defaults of the keys that most files leave out.
func withDefaults(w Workspace) Workspace {
	w.Counter, w.Rooms, w.Departments = true, true, true
	w.RateLimit = RateLimit{Calls: 10, Per: time.Minute}
	w.MaxAge = 5 * time.Minute
	return w
}

func TestDefaultFileWorksWithItsThreeVariables(t *testing.T) {
	t.Parallel()
	c := load(t, filepath.Join("..", "..", "config.yml"), map[string]string{ //nolint:gosec // G101: The credentials are made up.
		"ROCKETCHAT_URL":        "https://chat.example.com/",
		"ROCKETCHAT_USER_ID":    "rbAXPnMktTFbNpwtJ",
		"ROCKETCHAT_AUTH_TOKEN": "RScctEHSmLGZGywfIhWyRpyofhKOiMoUIpimhvheU3f",
	})
	if len(c.Workspaces) != 1 {
		t.Fatalf("got %d workspaces, want 1", len(c.Workspaces))
	}
	diffWorkspaces(t, c.Workspaces[0], withDefaults(Workspace{
		Name:              "main",
		URL:               mustParseURL(t, "https://chat.example.com"),
		UserID:            Secret{&source{value: "rbAXPnMktTFbNpwtJ"}},
		AuthToken:         Secret{&source{value: "RScctEHSmLGZGywfIhWyRpyofhKOiMoUIpimhvheU3f"}},
		HTTPClient:        promconfig.HTTPClientConfig{EnableHTTP2: true},
		Windows:           defaultWindows(),
		Location:          time.UTC,
		InactivityTimeout: time.Hour,
		Timeout:           30 * time.Second,
	}))
}

// What the default file shows in comments must work once the comment signs are gone.
func TestDefaultFileWorksWithItsCommentedKeys(t *testing.T) {
	t.Parallel()
	data, err := readFile(filepath.Join("..", "..", "config.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(data)) {
		switch trimmed := strings.TrimSpace(line); {
		case strings.HasPrefix(trimmed, "user_id:"), strings.HasPrefix(trimmed, "auth_token:"):
			continue // The files take their place.
		case strings.HasPrefix(trimmed, "# user_id_file:"), strings.HasPrefix(trimmed, "# auth_token_file:"),
			strings.HasPrefix(trimmed, "# http_client:"), strings.HasPrefix(trimmed, "#   "):
			line = strings.Replace(line, "# ", "", 1)
		}
		lines = append(lines, line)
	}
	certificates := t.TempDir()
	writePair(t, certificates)
	c, err := parse(filepath.Join(certificates, "config.yml"), []byte(strings.Join(lines, "")), environment(map[string]string{
		"ROCKETCHAT_URL": "https://chat.example.com",
	}))
	if err != nil {
		t.Fatal(err)
	}
	got := c.Workspaces[0]
	if got.UserID.source.file != "/run/secrets/rocketchat_user_id" || got.AuthToken.source.file != "/run/secrets/rocketchat_auth_token" {
		t.Errorf("got the files %q and %q", got.UserID.source.file, got.AuthToken.source.file)
	}
	want := promconfig.HTTPClientConfig{
		TLSConfig: promconfig.TLSConfig{
			CAFile:     filepath.Join(certificates, "ca.pem"),
			CertFile:   filepath.Join(certificates, "client.pem"),
			KeyFile:    filepath.Join(certificates, "client-key.pem"),
			ServerName: "chat.example.com",
			MinVersion: promconfig.TLSVersions["TLS12"], MaxVersion: promconfig.TLSVersions["TLS13"],
		},
		EnableHTTP2: true,
		ProxyConfig: promconfig.ProxyConfig{
			ProxyURL: promconfig.URL{URL: mustParseURL(t, "http://proxy.example.com:3128")},
			NoProxy:  "localhost,10.0.0.0/8",
		},
	}
	if !reflect.DeepEqual(got.HTTPClient, want) {
		t.Errorf("http_client: got %+v, want %+v", got.HTTPClient, want)
	}
}

// What stands in the default file's comment about a login takes the place of the token.
func TestDefaultFileWorksWithALogin(t *testing.T) {
	t.Parallel()
	text := readText(t, "..", "..", "config.yml")
	for _, key := range []string{"user_id", "auth_token"} {
		text = strings.Replace(text, "    "+key+":", "    # "+key+":", 1)
	}
	for _, key := range []string{"username", "password_file"} {
		text = strings.Replace(text, "    # "+key+":", "    "+key+":", 1)
	}
	c, err := parse("config.yml", []byte(text), environment(map[string]string{"ROCKETCHAT_URL": "https://chat.example.com"}))
	if err != nil {
		t.Fatal(err)
	}
	w := c.Workspaces[0]
	if w.UserID.source != nil || w.AuthToken.source != nil || w.Username.source == nil || w.Password.source == nil {
		t.Fatal("the account is not given by a username and a password")
	}
	if got, want := w.Password.source.file, "/run/secrets/rocketchat_password"; got != want {
		t.Errorf("got the password file %q, want %q", got, want)
	}
}

func TestLoadGoodFiles(t *testing.T) {
	t.Parallel()
	directory, certificates := filepath.Join("testdata", "good"), t.TempDir()
	writePair(t, certificates)
	for _, test := range []struct {
		file        string
		environment map[string]string
		want        Workspace
	}{
		{
			file:        "minimal.yml",
			environment: map[string]string{"TOKEN": "token-of-main\n"},
			want: withDefaults(Workspace{
				Name:              "main",
				URL:               mustParseURL(t, "http://localhost:3000"),
				UserID:            Secret{&source{value: "0123456789"}},
				AuthToken:         Secret{&source{value: "token-of-main"}},
				HTTPClient:        promconfig.HTTPClientConfig{EnableHTTP2: true},
				Windows:           defaultWindows(),
				Location:          time.UTC,
				InactivityTimeout: time.Hour,
				Timeout:           30 * time.Second,
			}),
		},
		{
			file:        "common.yml",
			environment: map[string]string{"YES": "true"},
			want: Workspace{
				Name:     "main",
				URL:      mustParseURL(t, "https://[::1]:3000/a/b"),
				Username: Secret{&source{value: "${x}", form: loginText}},
				Password: Secret{&source{value: "a pass€word, $a$$b", form: loginText}},
				HTTPClient: promconfig.HTTPClientConfig{
					EnableHTTP2: true,
					ProxyConfig: promconfig.ProxyConfig{ProxyFromEnvironment: true},
				},
				Windows:           []Window{{Name: "this_week", Calendar: "this_week"}},
				Location:          mustLoadLocation(t, "America/Sao_Paulo"),
				InactivityTimeout: 30 * time.Minute,
				Rooms:             true,
				Departments:       true,
				RateLimit:         RateLimit{Calls: 10, Per: 10 * time.Second},
				Timeout:           time.Minute,
				MaxAge:            24 * time.Hour,
			},
		},
		{
			file: "everything.yml",
			environment: map[string]string{
				"SECRET_NAME": "token", "LENGTH": "45m", "ZONE": "Asia/Kolkata", "TIMEOUT": "2s",
				"CERTIFICATES": certificates, "REFRESH": "15", "NO": "false", "CALLS": "20",
			},
			want: Workspace{
				Name: "head-office_1.x",
				URL:  mustParseURL(t, "https://Chat.Example.com:8443/support%2Fchat"),
				UserID: Secret{&source{
					file: filepath.Join(directory, "secrets", "user_id"),
					key:  `workspaces["head-office_1.x"].user_id_file`,
				}},
				AuthToken: Secret{&source{file: "/run/secrets/token", key: `workspaces["head-office_1.x"].auth_token_file`}},
				HTTPClient: promconfig.HTTPClientConfig{
					TLSConfig: promconfig.TLSConfig{
						CAFile:             filepath.Join(certificates, "ca.pem"),
						CertFile:           filepath.Join(certificates, "client.pem"),
						KeyFile:            filepath.Join(certificates, "client-key.pem"),
						ServerName:         "chat.internal",
						InsecureSkipVerify: true,
						MinVersion:         promconfig.TLSVersions["TLS12"],
						MaxVersion:         promconfig.TLSVersions["TLS13"],
					},
					ProxyConfig: promconfig.ProxyConfig{
						ProxyURL: promconfig.URL{URL: mustParseURL(t, "socks5://proxy.example.com:1080")},
						NoProxy:  "localhost,10.0.0.0/8",
					},
				},
				Windows: []Window{
					{Name: "45m", Duration: 45 * time.Minute},
					{Name: "1d12h", Duration: 36 * time.Hour},
					{Name: "shift", Duration: 8 * time.Hour},
					{Name: "business day €", Calendar: "today", Refresh: 90 * time.Second},
					{Name: "2w", Duration: 14 * 24 * time.Hour, Refresh: 15 * time.Minute},
					{Name: "last_month", Calendar: "last_month", Refresh: 24 * time.Hour},
					{Name: "yesterday", Calendar: "yesterday"},
					{Name: "a name that is exactly as long as the longest that a label holds", Duration: 10 * 365 * 24 * time.Hour},
					{Name: "price ${x} $5", Duration: 30 * time.Minute},
				},
				Location:  mustLoadLocation(t, "Asia/Kolkata"),
				RateLimit: RateLimit{Calls: 20, Per: 30 * time.Second},
				Timeout:   2500 * time.Millisecond,
				MaxAge:    20 * time.Minute,
			},
		},
	} {
		t.Run(test.file, func(t *testing.T) {
			t.Parallel()
			c := load(t, filepath.Join(directory, test.file), test.environment)
			if len(c.Workspaces) != 1 {
				t.Fatalf("got %d workspaces, want 1", len(c.Workspaces))
			}
			diffWorkspaces(t, c.Workspaces[0], test.want)
		})
	}
}

func TestSeveralWorkspaces(t *testing.T) {
	t.Parallel()
	directory := filepath.Join("testdata", "good")
	c := load(t, filepath.Join(directory, "several.yml"), nil)
	common := Workspace{
		UserID:            Secret{&source{value: "x"}},
		AuthToken:         Secret{&source{value: "y"}},
		HTTPClient:        promconfig.HTTPClientConfig{EnableHTTP2: true},
		Location:          time.UTC,
		InactivityTimeout: time.Hour,
		Counter:           true,
		Rooms:             true,
		RateLimit:         RateLimit{Calls: 4, Per: time.Minute},
		Timeout:           30 * time.Second,
		MaxAge:            5 * time.Minute,
	}
	elsewhere, sales, support := common, common, common
	elsewhere.Name, elsewhere.URL = "elsewhere", mustParseURL(t, "http://chat.example.com")
	elsewhere.Windows = []Window{{Name: "2h", Duration: 2 * time.Hour}, {Name: "1d", Duration: 24 * time.Hour}}
	elsewhere.RateLimit = RateLimit{Calls: 0, Per: 2 * time.Minute}
	sales.Name, sales.URL = "sales", mustParseURL(t, "https://Chat.Example.com/sales")
	sales.Windows = []Window{{Name: "today", Calendar: "today"}}
	support.Name, support.URL = "support", mustParseURL(t, "https://chat.example.com:443/support")
	support.UserID, support.AuthToken = Secret{}, Secret{}
	support.Username = Secret{&source{value: "exporter", form: loginText}}
	support.Password = Secret{&source{
		file: filepath.Join(directory, "password"), key: "workspaces.support.password_file", form: loginText,
	}}
	support.Windows, support.Rooms = []Window{{Name: "24h", Duration: 24 * time.Hour}}, false
	want := []Workspace{elsewhere, sales, support}
	if len(c.Workspaces) != len(want) {
		t.Fatalf("got %d workspaces, want %d", len(c.Workspaces), len(want))
	}
	for i := range want {
		diffWorkspaces(t, c.Workspaces[i], want[i])
	}
}

func TestPrintedConfigHidesCredentials(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	c := Config{Workspaces: []Workspace{{
		Name:      "main",
		URL:       mustParseURL(t, "https://chat.example.com"),
		UserID:    Secret{&source{value: secret + "id"}},
		AuthToken: Secret{&source{value: secret + "token"}},
		Username:  Secret{&source{value: secret + "name"}},
		Password:  Secret{&source{value: secret + "password"}},
		HTTPClient: promconfig.HTTPClientConfig{
			TLSConfig: promconfig.TLSConfig{Cert: "certificate", Key: secret + "key"},
		},
		Windows:  []Window{{Name: "24h", Duration: 24 * time.Hour}},
		Location: time.UTC,
	}}}
	for name, value := range map[string]any{
		"config": c, "pointer": &c, "workspaces": c.Workspaces, "workspace": c.Workspaces[0], "workspace pointer": &c.Workspaces[0],
	} {
		printed := map[string]string{}
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T", "%60v"} {
			printed[format] = fmt.Sprintf(format, value)
		}
		inJSON, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		printed["JSON"] = string(inJSON)
		inYAML, err := yaml.Dump(value)
		if err != nil {
			t.Fatal(err)
		}
		printed["YAML"] = string(inYAML)
		for format, text := range printed {
			if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
				t.Errorf("%s as %s shows a credential: %s", name, format, text)
			}
			if format != "%T" && format != "%x" && !strings.Contains(text, "secret") {
				t.Errorf("%s as %s does not say that there are credentials: %s", name, format, text)
			}
		}
		if !strings.Contains(printed["%+v"], "chat.example.com") {
			t.Errorf("%s as %%+v hides the address too: %s", name, printed["%+v"])
		}
	}
	if got := string(c.Workspaces[0].HTTPClient.TLSConfig.Key); got != secret+"key" {
		t.Errorf("printing changed the key to %q", got)
	}
}

func TestLaterChangesDoNotReachTheDefaults(t *testing.T) {
	t.Parallel()
	variables := map[string]string{"TOKEN": "x"}
	first := load(t, filepath.Join("testdata", "good", "minimal.yml"), variables)
	first.Workspaces[0].Windows[0] = Window{Name: "changed"}
	first.Workspaces[0].HTTPClient.FollowRedirects = true
	second := load(t, filepath.Join("testdata", "good", "minimal.yml"), variables)
	if got := second.Workspaces[0].Windows[0].Name; got != "6h" {
		t.Errorf("got the window %q, want 6h", got)
	}
	if second.Workspaces[0].HTTPClient.FollowRedirects {
		t.Error("redirects are followed")
	}
}
