package config

import (
	"math"
	"slices"
	"testing"
	"testing/quick"
	"time"
)

func windowsOfHours(n int) []Window {
	windows := make([]Window, n)
	for i := range windows {
		windows[i].Duration = time.Duration(i+2) * time.Hour
	}
	return windows
}

func TestCosts(t *testing.T) {
	t.Parallel()
	const chat = "https://chat.example.com:443"
	workspace := func(url string, windows int) Workspace {
		return withDefaults(Workspace{URL: mustParseURL(t, url), Windows: windowsOfHours(windows)})
	}
	limit := RateLimit{Calls: 10, Per: time.Minute}
	defaults := workspace("https://chat.example.com", 4)
	large := workspace("https://chat.example.com/large", 14)
	large.MaxAge = 20 * time.Minute
	bare := workspace("https://chat.example.com:443/bare", 3)
	bare.Counter, bare.Rooms, bare.Departments = false, false, false
	unlimited := workspace("http://chat.example.com", 40)
	unlimited.RateLimit.Calls = 0
	single := workspace("http://single.example.com", 1)
	single.RateLimit = RateLimit{Calls: 1, Per: 10 * time.Second}
	odd := workspace("http://odd.example.com", 5)
	odd.RateLimit = RateLimit{Calls: 5, Per: 30 * time.Second}

	for _, test := range []struct {
		name       string
		workspaces []Workspace
		want       []Cost
	}{
		{"none", nil, nil},
		{"the defaults", []Workspace{defaults}, []Cost{
			{chat, "amount-of-chats", limit, 5 * time.Minute, 8, 2, 1, 2 * time.Minute},
			{chat, "department", limit, 5 * time.Minute, 1, 1, 1, 2 * time.Minute},
			{chat, "total-abandoned-chats", limit, 5 * time.Minute, 6, 2, 1, 2 * time.Minute},
		}},
		{"windows alone", []Workspace{bare}, []Cost{
			{chat, "total-abandoned-chats", limit, 5 * time.Minute, 3, 1, 1, 2 * time.Minute},
		}},
		{"several of one address, and one elsewhere", []Workspace{large, bare, unlimited, defaults}, []Cost{
			{"http://chat.example.com:80", "amount-of-chats", unlimited.RateLimit, 5 * time.Minute, 80, 2, 0, 0},
			{"http://chat.example.com:80", "department", unlimited.RateLimit, 5 * time.Minute, 1, 1, 0, 0},
			{"http://chat.example.com:80", "total-abandoned-chats", unlimited.RateLimit, 5 * time.Minute, 42, 2, 0, 0},
			{chat, "amount-of-chats", limit, 5 * time.Minute, 36, 2, 4, 8 * time.Minute},
			{chat, "department", limit, 5 * time.Minute, 2, 1, 1, 2 * time.Minute},
			{chat, "total-abandoned-chats", limit, 5 * time.Minute, 25, 2, 3, 6 * time.Minute},
		}},
		{"fewer calls than one answer takes", []Workspace{single}, []Cost{
			{"http://single.example.com:80", "amount-of-chats", single.RateLimit, 5 * time.Minute, 2, 2, math.MaxInt, math.MaxInt64},
			{"http://single.example.com:80", "department", single.RateLimit, 5 * time.Minute, 1, 1, 1, 20 * time.Second},
			{"http://single.example.com:80", "total-abandoned-chats", single.RateLimit, 5 * time.Minute, 3, 2, math.MaxInt, math.MaxInt64},
		}},
		{"a call left over by pairs", []Workspace{odd}, []Cost{
			{"http://odd.example.com:80", "amount-of-chats", odd.RateLimit, 5 * time.Minute, 10, 2, 3, 3 * time.Minute},
			{"http://odd.example.com:80", "department", odd.RateLimit, 5 * time.Minute, 1, 1, 1, time.Minute},
			{"http://odd.example.com:80", "total-abandoned-chats", odd.RateLimit, 5 * time.Minute, 7, 2, 2, 2 * time.Minute},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := Costs(test.workspaces); !slices.Equal(got, test.want) {
				t.Errorf("got\n%+v\nwant\n%+v", got, test.want)
			}
		})
	}
}

// The periods are checked against a plain packing: pairs first, then what fits beside them.
func TestPeriodsAreThoseOfAPacking(t *testing.T) {
	t.Parallel()
	packed := func(d demand, limit int) (periods int) {
		for d.single > 0 || d.double > 0 {
			pairs := min(d.double, limit/2)
			d.double -= pairs
			d.single -= min(d.single, limit-2*pairs)
			periods++
		}
		return periods
	}
	check := func(single, double, limit uint8) bool {
		d := demand{single: int(single), double: int(double)}
		calls := int(limit)%30 + 2
		return d.periods(calls) == packed(d, calls)
	}
	if err := quick.Check(check, nil); err != nil {
		t.Error(err)
	}
}

func TestAgeStopsAtTheLongestDuration(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		periods int
		per     time.Duration
		want    time.Duration
	}{
		{0, time.Hour, 0},
		{1, time.Minute, 2 * time.Minute},
		{1_000_000, time.Hour, 2_000_000 * time.Hour},
		{2_000_000, time.Hour, math.MaxInt64},
		{math.MaxInt, time.Millisecond, math.MaxInt64},
	} {
		if got := age(test.periods, test.per); got != test.want {
			t.Errorf("age(%d, %v) = %v, want %v", test.periods, test.per, got, test.want)
		}
	}
}

// No duration of the file can hold such an age, and none is shown.
func TestAnAgeBeyondAllDurations(t *testing.T) {
	t.Parallel()
	if got, want := shownAge(math.MaxInt64), "far too"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
