package check

import (
	"time"

	"livechat_exporter/internal/rocketchat"
)

// Workspace is a workspace to check, as it is configured.
type Workspace struct {
	Name string
	// URL is where it is, without credentials in it.
	URL string
	// Encrypted says that it is asked with TLS; Local that the address is this machine's
	// own; Unverified that any certificate is accepted.
	Encrypted, Local, Unverified bool
	// Login says that the account logs in with a user name and a password.
	Login bool
	// Secrets are the account's credentials, in the words for people, such as "auth
	// token". Their errors hold no credential.
	Secrets []Secret
	// Connect returns a client of the workspace that tells observe of each call. Clients
	// of one server address share their budget.
	Connect func(observe func(rocketchat.Call)) *rocketchat.Client

	// Windows has at least one.
	Windows []Window
	// InactivityTimeout is the server's Livechat_visitor_inactivity_timeout, as configured.
	InactivityTimeout time.Duration
	// Counter, Rooms and Departments say what is asked for beside the windows.
	Counter, Rooms, Departments bool
	// Limit is the configured call budget, MaxAge what an answer may age beyond its
	// refresh interval, and Timeout what bounds one call.
	Limit           rocketchat.Limit
	MaxAge, Timeout time.Duration
	// Address is the server's, which budgets belong to, and Sharing how many of the
	// configured workspaces it has. Costs are what all of them cost together.
	Address string
	Sharing int
	Costs   []Cost
}

// Secret is one part of the credentials.
type Secret struct {
	Name string
	Read func() (string, error)
	// Public says that it may be shown, as a user name may.
	Public bool
}

// Window is a configured window.
type Window struct {
	Name string
	// Duration is the length of a rolling window, 0 for a calendar period.
	Duration time.Duration
	// Period is what the window covers at a moment.
	Period func(now time.Time) (start, end time.Time)
}

// Cost is what the configuration needs of one route.
type Cost struct {
	Route string
	// Calls is how many calls a round takes, in which each number is asked for once.
	Calls int
	// Periods is how many times Limit.Per a round takes; 0 without a limit.
	Periods int
}

// longest returns the period of the window that reaches back furthest, which costs the
// server most and names the most departments; and its name.
func (w *Workspace) longest(now time.Time) (start, end time.Time, name string) {
	for i, window := range w.Windows {
		from, to := window.Period(now)
		if i == 0 || to.Sub(from) > end.Sub(start) {
			start, end, name = from, to, window.Name
		}
	}
	return start, end, name
}

// secrets returns what must not be shown, as far as it can be read.
func (w *Workspace) secrets() []string {
	var all []string
	for _, s := range w.Secrets {
		if secret, err := s.Read(); err == nil && !s.Public {
			all = append(all, secret)
		}
	}
	return all
}
