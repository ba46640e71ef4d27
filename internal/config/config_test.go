package config

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // The exporter has the time zones compiled in; so have its tests.

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"

	"livechat_exporter/internal/budget"
	"livechat_exporter/internal/window"
)

// environment makes a lookupEnv of a map.
func environment(variables map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		content, ok := variables[name]
		return content, ok
	}
}

func readText(t *testing.T, elements ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// load loads a text without mistakes as if it stood in the directory.
func load(t *testing.T, directory, text string, variables map[string]string) *Config {
	t.Helper()
	c, err := parse(filepath.Join(directory, "config.yml"), []byte(text), environment(variables))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustURL(t *testing.T, address string) promconfig.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return promconfig.URL{URL: u}
}

func mustZone(t *testing.T, name string) Location {
	t.Helper()
	location, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return Location{location}
}

// checkWorkspaces compares field by field, so that a failure names the field.
func checkWorkspaces(t *testing.T, c *Config, want ...Workspace) {
	t.Helper()
	if len(c.Workspaces) != len(want) {
		t.Fatalf("got %d workspaces, want %d", len(c.Workspaces), len(want))
	}
	for i, want := range want {
		got, wanted := c.Workspaces[i], reflect.ValueOf(want)
		for field, content := range reflect.ValueOf(got).Fields() {
			if !field.IsExported() {
				continue
			}
			if want := wanted.FieldByIndex(field.Index).Interface(); !reflect.DeepEqual(content.Interface(), want) {
				t.Errorf("%s.%s: got %#v, want %#v", got.Name, field.Name, content.Interface(), want)
			}
		}
	}
}

// withDefaults returns a workspace with the documented defaults.
func withDefaults(t *testing.T, name, address string) Workspace {
	t.Helper()
	return Workspace{
		Name: name, URL: mustURL(t, address),
		HTTPClient: HTTPClient{EnableHTTP2: true},
		Windows: []window.Window{
			{Name: "6h", Duration: 6 * time.Hour},
			{Name: "24h", Duration: 24 * time.Hour},
			{Name: "7d", Duration: 7 * 24 * time.Hour},
			{Name: "today", Calendar: window.Today},
		},
		Timezone: Location{time.UTC}, InactivityTimeout: model.Hour, Counter: true, Rooms: true, Live: true, Departments: true,
		RateLimit: budget.Limit{Calls: 10, Per: model.Minute}, Timeout: 30 * model.Second, MaxAge: 5 * model.Minute,
	}
}

func TestDefaultFileWorksWithItsThreeVariables(t *testing.T) {
	t.Parallel()
	variables := map[string]string{
		"ROCKETCHAT_URL": "https://chat.example.com/", "ROCKETCHAT_USER_ID": "rbAXPnMktTFbNpwtJ", "ROCKETCHAT_AUTH_TOKEN": "made-up-token",
	}
	c, err := Load(t.Context(), filepath.Join("..", "..", "config.yml"), environment(variables))
	if err != nil {
		t.Fatal(err)
	}
	want := withDefaults(t, "main", "https://chat.example.com")
	want.UserID, want.AuthToken = "rbAXPnMktTFbNpwtJ", "made-up-token"
	checkWorkspaces(t, c, want)
}

// What the default file shows in comments must work once the comment signs are gone.
func TestDefaultFileWorksWithItsCommentedKeys(t *testing.T) {
	t.Parallel()
	text := readText(t, "..", "..", "config.yml")
	tokens := regexp.MustCompile(`(?m)^ {4}(user_id|auth_token):`)
	files := regexp.MustCompile(`(?m)^ {4}# (user_id_file|auth_token_file|http_client| {2}.*):`)
	login := regexp.MustCompile(`(?m)^ {4}# (username|password_file):`)
	directory := t.TempDir()
	writePair(t, directory)
	variables := map[string]string{"ROCKETCHAT_URL": "https://chat.example.com"}

	withFiles := withDefaults(t, "main", "https://chat.example.com")
	withFiles.UserIDFile, withFiles.AuthTokenFile = "/run/secrets/rocketchat_user_id", "/run/secrets/rocketchat_auth_token"
	withFiles.HTTPClient = HTTPClient{
		TLSConfig: promconfig.TLSConfig{
			CAFile: directory + "/ca.pem", CertFile: directory + "/client.pem", KeyFile: directory + "/client-key.pem",
			ServerName: "chat.example.com", MinVersion: promconfig.TLSVersions["TLS12"], MaxVersion: promconfig.TLSVersions["TLS13"],
		},
		ProxyURL: mustURL(t, "http://proxy.example.com:3128"), NoProxy: "localhost,10.0.0.0/8", EnableHTTP2: true,
	}
	text = tokens.ReplaceAllString(text, "    # $1:")
	checkWorkspaces(t, load(t, directory, files.ReplaceAllString(text, "    $1:"), variables), withFiles)

	withLogin := withDefaults(t, "main", "https://chat.example.com")
	withLogin.Username, withLogin.PasswordFile = "exporter", "/run/secrets/rocketchat_password"
	checkWorkspaces(t, load(t, directory, login.ReplaceAllString(text, "    $1:"), variables), withLogin)
}

func TestGoodFiles(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	writePair(t, directory)
	good := func(t *testing.T, name string) *Config {
		t.Helper()
		return load(t, directory, readText(t, "testdata", "good", name), map[string]string{
			"TOKEN": "token-of-main\n", "YES": "true", "NO": "false", "SECRET_NAME": "token", "CERTIFICATES": directory, "LENGTH": "45m",
			"ZONE": "Asia/Kolkata", "TIMEOUT": "2s", "REFRESH": "15", "CALLS": "20",
		})
	}
	t.Run("minimal.yml", func(t *testing.T) {
		t.Parallel()
		want := withDefaults(t, "main", "http://localhost:3000")
		want.UserID, want.AuthToken = "0123456789", "token-of-main"
		checkWorkspaces(t, good(t, "minimal.yml"), want)
	})
	t.Run("common.yml", func(t *testing.T) {
		t.Parallel()
		want := withDefaults(t, "main", "https://[::1]:3000/a/b")
		want.Username, want.Password = "${x}", "a pass€word, $a$$b"
		want.HTTPClient.ProxyFromEnvironment = true
		want.Windows, want.Timezone = []window.Window{{Name: "this_week", Calendar: window.ThisWeek}}, mustZone(t, "America/Sao_Paulo")
		want.InactivityTimeout, want.Timeout, want.MaxAge = 30*model.Minute, model.Minute, model.Day
		want.Counter, want.RateLimit.Per = false, 10*model.Second
		checkWorkspaces(t, good(t, "common.yml"), want)
	})
	t.Run("everything.yml", func(t *testing.T) {
		t.Parallel()
		checkWorkspaces(t, good(t, "everything.yml"), Workspace{
			Name: "head-office_1.x", URL: mustURL(t, "https://Chat.Example.com:8443/support%2Fchat"),
			UserIDFile: Secret(directory + "/secrets/user_id"), AuthTokenFile: "/run/secrets/token",
			HTTPClient: HTTPClient{
				TLSConfig: promconfig.TLSConfig{
					CAFile: directory + "/ca.pem", CertFile: directory + "/client.pem", KeyFile: directory + "/client-key.pem", ServerName: "chat.internal",
					InsecureSkipVerify: true, MinVersion: promconfig.TLSVersions["TLS12"], MaxVersion: promconfig.TLSVersions["TLS13"],
				},
				ProxyURL: mustURL(t, "socks5://proxy.example.com:1080"), NoProxy: "localhost,10.0.0.0/8",
			},
			Windows: []window.Window{
				{Name: "45m", Duration: 45 * time.Minute},
				{Name: "1d12h", Duration: 36 * time.Hour},
				{Name: "shift", Duration: 8 * time.Hour},
				{Name: "business day €", Calendar: window.Today, Refresh: 90 * time.Second},
				{Name: "2w", Duration: 14 * 24 * time.Hour, Refresh: 15 * time.Minute},
				{Name: "last_month", Calendar: window.LastMonth, Refresh: 24 * time.Hour},
				{Name: "yesterday", Calendar: window.Yesterday},
				{Name: "a name that is exactly as long as the longest that a label holds", Duration: 10 * 365 * 24 * time.Hour},
				{Name: "price ${x} $5", Duration: 30 * time.Minute},
			},
			Timezone: mustZone(t, "Asia/Kolkata"), RateLimit: budget.Limit{Calls: 20, Per: 30 * model.Second},
			Timeout: model.Duration(2500 * time.Millisecond), MaxAge: 20 * model.Minute,
		})
	})
	t.Run("several.yml", func(t *testing.T) {
		t.Parallel()
		common := withDefaults(t, "elsewhere", "http://chat.example.com")
		common.UserID, common.AuthToken, common.Departments = "x", "y", false
		common.Windows = []window.Window{{Name: "2h", Duration: 2 * time.Hour}, {Name: "1d", Duration: 24 * time.Hour}}
		elsewhere, sales, support := common, common, common
		elsewhere.RateLimit = budget.Limit{Calls: 0, Per: 2 * model.Minute}
		sales.Name, sales.URL, sales.RateLimit.Calls = "sales", mustURL(t, "https://Chat.Example.com/sales"), 4
		sales.Windows = []window.Window{{Name: "today", Calendar: window.Today}}
		support.Name, support.URL, support.RateLimit.Calls = "support", mustURL(t, "https://chat.example.com:443/support"), 4
		support.UserID, support.AuthToken, support.Username, support.PasswordFile = "", "", "exporter", Secret(directory+"/password")
		support.Windows, support.Rooms = []window.Window{{Name: "24h", Duration: 24 * time.Hour}}, false
		checkWorkspaces(t, good(t, "several.yml"), elsewhere, sales, support)
	})
	t.Run("anchors.yml", func(t *testing.T) {
		t.Parallel()
		main := withDefaults(t, "main", "https://chat.example.com/main")
		main.UserID, main.AuthToken, main.RateLimit.Calls, main.Timeout = "0123456789", "token-of-main", 4, 10*model.Second
		day := window.Window{Name: "day", Duration: 24 * time.Hour}
		other, third := main, main
		main.Windows = []window.Window{{Name: "2h", Duration: 2 * time.Hour}, day}
		other.Name, other.URL, other.Windows = "other", mustURL(t, "https://chat.example.com/other"), []window.Window{day}
		third.Name, third.URL = "third", mustURL(t, "https://third.example.com")
		checkWorkspaces(t, good(t, "anchors.yml"), main, other, third)
	})
}

func TestLaterChangesDoNotReachTheDefaults(t *testing.T) {
	t.Parallel()
	text := readText(t, "testdata", "good", "minimal.yml")
	first := load(t, "/", text, map[string]string{"TOKEN": "x"})
	first.Workspaces[0].Windows[0].Name = "changed"
	if got := load(t, "/", text, map[string]string{"TOKEN": "x"}).Workspaces[0].Windows[0].Name; got != "6h" {
		t.Errorf("got the window %q, want 6h", got)
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	variables := map[string]string{
		"A": "a", "B_2": "b", "_": "underscore", "EMPTY": "", "NESTED": "${A}$${A}", "DOLLAR": "$", "OPEN": "${", "WINDOW": "<: {*&",
	}
	for written, want := range map[string]string{
		"${A}": "a", "x${A}y${B_2}z": "xaybz", "${A}${A}${_}": "aaunderscore", "<${EMPTY}>": "<>",
		"$": "$", "$$": "$$", "$A $(A) 5$": "$A $(A) 5$", "{A}": "{A}", "}${A}}": "}a}",
		"$${A}": "${A}", "$$${A}": "$${A}", "$${A}${A}": "${A}a", "$${": "${",
		"${NESTED}": "${A}$${A}", "${DOLLAR}{A}": "${A}", "${OPEN}A}": "${A}", "${WINDOW}": "<: {*&",
	} {
		text := "workspaces: {main: {url: 'https://chat.example.com', username: x, password: '" + written + "'}}"
		if got := string(load(t, "/", text, variables).Workspaces[0].Password); got != want {
			t.Errorf("%s: got %q, want %q", written, got, want)
		}
	}
}

// The examples of the documentation are taken as a reader would take them: a whole file, a
// part of a workspace, or a part of the top of the file.
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
		text := example[1]
		switch {
		case strings.HasPrefix(text, "workspaces:"):
		case strings.HasPrefix(text, "http_client:"):
			text = workspace + "    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ")
		default:
			text = workspace + text
		}
		load(t, directory, text, map[string]string{"CREDENTIALS_DIRECTORY": "/run"})
	}
}

func TestEveryKeyIsDocumented(t *testing.T) {
	t.Parallel()
	reference, defaultFile := readText(t, "..", "..", "docs", "configuration.md"), readText(t, "..", "..", "config.yml")
	keys := []string{"name", "duration", "calendar", "refresh"}
	for _, path := range []string{"", "workspaces.main", "workspaces.main.http_client", "workspaces.main.http_client.tls_config", "rate_limit"} {
		keys = append(keys, knownKeys(path)...)
	}
	for _, key := range slices.Compact(slices.Sorted(slices.Values(keys))) {
		if !strings.Contains(reference, "`"+key+"`") && !strings.Contains(reference, key+":") {
			t.Errorf("docs/configuration.md does not mention `%s`", key)
		}
		if !strings.Contains(defaultFile, key+":") {
			t.Errorf("config.yml does not mention %s:", key)
		}
	}
	for _, calendar := range window.Calendars() {
		if !strings.Contains(reference, fmt.Sprintf("%#q", calendar)) {
			t.Errorf("docs/configuration.md does not mention `%s`", calendar)
		}
	}
}
