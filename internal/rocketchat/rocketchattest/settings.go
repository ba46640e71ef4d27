package rocketchattest

import (
	"math/rand/v2"
	"slices"
	"time"
)

// The account that may ask. A request is authenticated if it carries the first two
// in the headers X-User-Id and X-Auth-Token; the others are for a login, which gives
// a token in place of the second.
const (
	UserID    = "rbAXPnMktTFbNpwtJ"
	AuthToken = "RScctEHSmLGZGywfIhWyRpyofhKOiMoUIpimhvheU3f"
	Username  = "livechat.exporter"
	Password  = "correct horse battery staple"
)

// The permissions that the double looks at.
const (
	// ViewLivechatManager is what the analytics routes, the queue and the dashboards ask
	// for.
	ViewLivechatManager = "view-livechat-manager"
	// ViewLivechatDepartments and ViewLRoom are what the list of departments asks
	// for: one of them is enough. Managers and monitors have the second.
	ViewLivechatDepartments = "view-livechat-departments"
	ViewLRoom               = "view-l-room"
	// BypassRateLimit frees the account from the rate limiter.
	BypassRateLimit = "api-bypass-rate-limit"
)

// Settings is what an administrator, the host and the network can make
// different between two workspaces of one Profile. [Workspace.Configure]
// changes them, also while requests are being answered.
type Settings struct {
	// InactivityTimeout is Livechat_visitor_inactivity_timeout, in whole
	// seconds: the silence from which on a closed room counts as abandoned. The
	// server compares with the present value, so that a change rewrites history.
	InactivityTimeout time.Duration

	// DefaultCount, UpperCountLimit and AllowInfiniteCount are API_Default_Count,
	// API_Upper_Count_Limit and API_Allow_Infinite_Count. Negative numbers mean
	// the server's defaults; 0 passes through, as it does there.
	DefaultCount       int
	UpperCountLimit    int
	AllowInfiniteCount bool

	// RateLimit is the limit of each route and client address.
	RateLimit RateLimit

	// BypassLast looks at BypassRateLimit only where a call is over the limit, as some
	// releases do: an account with it is counted, sees X-RateLimit-Remaining fall to 0,
	// and is served all the same.
	BypassLast bool
	// ForbiddenErrorType adds "errorType":"error-forbidden" to a 403, as 9.0 does to
	// most of its own.
	ForbiddenErrorType bool

	// AbandonedRoomsAction is Livechat_abandoned_rooms_action: none, close or on-hold. The
	// double closes no rooms by itself. BusinessHours is Livechat_enable_business_hours.
	AbandonedRoomsAction string
	BusinessHours        bool

	// Licensed is whether the module livechat-enterprise is active.
	Licensed bool
	// UserID, AuthToken and Permissions are the account's: its personal access
	// token can be replaced, its permissions be given and taken.
	UserID, AuthToken string
	Permissions       []string
	// Username and Password are what the account logs in with.
	Username, Password string
	// TwoFactorCode is the code that a login needs besides the password; empty if
	// the account has no second factor.
	TwoFactorCode string
	// LoginExpiration is Accounts_LoginExpiration: how long the token of a login
	// lives. The personal access token lives on.
	LoginExpiration time.Duration

	// ForceSSL sends clients that come without TLS to https with a 302, except
	// those on the same machine: a request from 127.0.0.1 or ::1 is answered, unless
	// X-Forwarded-For has another address. The double has no TLS: a proxy's
	// "X-Forwarded-Proto: https" counts as TLS.
	ForceSSL bool
	// Gzip compresses answers of at least 1 KiB for clients that take it.
	Gzip bool

	// ReplicaLag is how far the database's secondaries are behind. Departments
	// are counted on the primary (total) but read from a secondary (the rows),
	// which does not know of rooms opened or closed in the last ReplicaLag.
	// Removed departments, reopened rooms and answers to a visitor reach it at
	// once. The list of departments is read from the primary.
	ReplicaLag time.Duration
	// TotalSkew is added to every total: a server that promises other than it
	// hands over.
	TotalSkew int

	// Location is the time zone of the server's process. It decides what a time
	// without an offset means.
	Location *time.Location
	// Now is the server's clock: which rooms exist, the limiter's window and the
	// header Date. It is called from several goroutines at once.
	Now func() time.Time
	// Shuffle brings the rows of an answer into the order of this call, like
	// [rand.Rand.Shuffle]: the server's order is undefined and changes, where it
	// sorts, among rows that sort alike. Its calls are serialised.
	Shuffle func(n int, swap func(i, j int))

	// RequestLog is how many of the latest requests are kept for
	// [Workspace.Requests].
	RequestLog int
}

// RateLimit allows Calls in each window of Per. No limit is enforced, and no
// header sent, if Calls is 0.
type RateLimit struct {
	Calls int
	Per   time.Duration
}

// defaults are the settings of a fresh workspace whose administrator bought a
// licence and made an account for the client, and changed nothing else.
func defaults(p Profile) Settings {
	return Settings{
		InactivityTimeout:    time.Hour,
		AbandonedRoomsAction: "none",
		DefaultCount:         50,
		UpperCountLimit:      100,
		AllowInfiniteCount:   true,
		RateLimit:            RateLimit{Calls: 10, Per: time.Minute},
		Licensed:             true,
		UserID:               UserID,
		AuthToken:            AuthToken,
		Permissions:          []string{ViewLivechatManager, ViewLRoom},
		Username:             Username,
		Password:             Password,
		LoginExpiration:      90 * 24 * time.Hour,
		Gzip:                 p == Old, // Later generations answer before the web server's compression.
		Location:             time.UTC,
		Now:                  time.Now,
		Shuffle:              rand.New(rand.NewPCG(1, 2)).Shuffle, //nolint:gosec // G404: the order must be repeatable, not secret.
		RequestLog:           10_000,
	}
}

// clone keeps readers of an earlier value safe from changes to this one.
func (s *Settings) clone() Settings {
	copied := *s
	copied.Permissions = slices.Clone(s.Permissions)
	return copied
}

func (s *Settings) permits(permission string) bool {
	return slices.Contains(s.Permissions, permission)
}
