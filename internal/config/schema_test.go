package config

import "testing"

func TestNearest(t *testing.T) {
	t.Parallel()
	top := rootSchema().keys
	workspace := workspaceSchema().keys
	for _, test := range []struct {
		word  string
		names []string
		want  string
	}{
		{"window", top, "windows"},
		{"widnows", top, "windows"},
		{"Windows", top, "windows"},
		{"TIMEOUT", top, "timeout"},
		{"timout", top, "timeout"},
		{"time_zone", top, "timezone"},
		{"time-zone", top, "timezone"},
		{"inactivity-timeout", top, "inactivity_timeout"},
		{"inactivity", top, "inactivity_timeout"},
		{"workspace", top, "workspaces"},
		{"maxage", top, "max_age"},
		{"age", top, "max_age"},
		{"max_calls", top, ""},
		{"room", top, "rooms"},
		{"department", top, "departments"},
		{"targets", top, ""},
		{"uri", workspace, "url"},
		{"id", workspace, "user_id"},
		{"token", workspace, "auth_token"},
		{"user_id_flie", workspace, "user_id_file"},
		{"user_name", workspace, "username"},
		{"passwd", workspace, "password"},
		{"secret", workspace, ""},
		{"x", []string{"ca"}, ""},
		{"", top, ""},
	} {
		if got := nearest(test.word, test.names); got != test.want {
			t.Errorf("nearest(%q) = %q, want %q", test.word, got, test.want)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"abc", "abc", 0},
		{"abc", "abd", 1},
		{"abc", "abcd", 1},
		{"abc", "bc", 1},
		{"abc", "acb", 1},
		{"ab", "ba", 1},
		{"abcd", "badc", 2},
		{"kitten", "sitting", 3},
	} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
		if got := distance(test.b, test.a); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.b, test.a, got, test.want)
		}
	}
}
