package check

import (
	"context"
	"errors"
	"time"

	"livechat_exporter/internal/rocketchat"
)

// attempt is one workspace being tried, and what came of it.
type attempt struct {
	Workspace
	options    Options
	client     *rocketchat.Client
	sent       sent
	connection connection
	hidden     []string // What must not be shown.

	// release is the server's version, and infoErr why it is not known.
	release string
	infoErr error
	// ahead is how far the server's clock is ahead, and asked how long that answer took:
	// what the difference is known to. clocked says that it is known.
	ahead, asked time.Duration
	clocked      bool

	// answers are the questions that were asked, by their route.
	answers map[string]*answer
	list    rocketchat.DepartmentList
	// logoutErr is why the session was not ended.
	logoutErr error
	// stopped is why nothing more was sent; empty if all was.
	stopped string
	// overtime says that the time limit of the whole check has passed.
	overtime bool
}

// Why nothing more was sent, where it is told in more than one place.
const (
	unlicensed = "the licence is missing"
	redirected = "the server redirects"
	overtime   = "the time limit of the check has passed"

	interrupted = "the check was interrupted"
)

// answer is what came of one question.
type answer struct {
	err error
	// took is the time of the slowest call.
	took time.Duration
	// calls are those that it took.
	calls []rocketchat.Call
	// period names what was asked for.
	period string
	// departments is how many it named, and complete that it named all.
	departments int
	complete    bool
}

func newAttempt(w Workspace, options Options) *attempt {
	return &attempt{Workspace: w, options: options, hidden: w.secrets(), answers: make(map[string]*answer)}
}

// run asks the server: once for its version, and once for each route that the
// configuration needs.
func (a *attempt) run(ctx context.Context) {
	if err := ctx.Err(); err != nil {
		a.infoErr, a.overtime, a.stopped = err, errors.Is(err, context.DeadlineExceeded), interrupted
		if a.overtime {
			a.stopped = overtime
		}
		return
	}
	a.client = a.Connect(a.sent.observe)
	defer a.client.CloseIdleConnections()
	a.askInfo(a.connection.traced(ctx))
	if why := a.unusable(); a.stopped == "" && why != "" {
		a.stopped = why
	}
	for _, q := range a.questions() {
		if a.stopped == "" {
			a.ask(ctx, q)
		}
	}
	// The time for it is its own: a session must not be left behind.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), logoutTimeout)
	defer cancel()
	a.logoutErr = a.client.Logout(ctx)
}

// logoutTimeout is how long the server may take to end a session.
const logoutTimeout = 3 * time.Second

// askInfo asks for the version and the clock, without credentials.
func (a *attempt) askInfo(ctx context.Context) {
	info, err := a.client.Info(ctx)
	end := a.options.Now()
	a.release, a.infoErr = a.clean(info.Version), err
	a.overtime = errors.Is(ctx.Err(), context.DeadlineExceeded)
	for _, call := range a.sent.list() {
		a.asked = call.Duration
		if !call.Date.IsZero() {
			// The header has whole seconds, so it is half a second late on average.
			a.ahead, a.clocked = call.Date.Add(time.Second/2).Sub(end.Add(-call.Duration/2)), true
		}
	}
	switch {
	case a.overtime:
		a.stopped = overtime
	case errors.Is(err, rocketchat.ErrBudgetSpent):
		a.stopped = "the call budget is spent"
	case outcome(err) == rocketchat.Redirected:
		a.stopped = redirected
	default:
		a.stopped = unreached(err)
	}
}

// unreached says why a server is left alone that gave no answer; empty if it did.
func unreached(err error) string {
	switch outcome(err) {
	case rocketchat.Network:
		return "the server cannot be reached"
	case rocketchat.Timeout:
		return "the server did not answer in time, and is not asked again"
	case rocketchat.Canceled:
		return interrupted
	default:
		return ""
	}
}

// question is one that the configuration needs.
type question struct {
	route string
	// period names what is asked for.
	period string
	ask    func(ctx context.Context) (departments int, complete bool, err error)
}

// questions returns them in the order in which they tell most: the list needs no
// licence, so that its answer tells of the account alone.
func (a *attempt) questions() []question {
	start, end, name := a.longest(a.options.Now())
	questions := []question{{
		route: rocketchat.TotalAbandonedChats, period: name,
		ask: func(ctx context.Context) (int, bool, error) {
			got, err := a.client.AbandonedRooms(ctx, start, end, new(rocketchat.Question))
			return len(got.Departments), got.Complete, err
		},
	}}
	if a.Departments {
		questions = append([]question{{
			route: rocketchat.DepartmentRoute,
			ask: func(ctx context.Context) (departments int, complete bool, err error) {
				a.list, err = a.client.DepartmentList(ctx, new(rocketchat.Question))
				return len(a.list.Departments), a.list.Complete, err
			},
		}}, questions...)
	}
	if a.Rooms {
		questions = append(questions, question{
			route: rocketchat.AmountOfChats, period: name,
			ask: func(ctx context.Context) (int, bool, error) {
				got, err := a.client.Rooms(ctx, start, end, true, new(rocketchat.Question))
				return len(got.Departments), got.Complete, err
			},
		})
	}
	return questions
}

// ask asks one question, and decides whether the next one may be asked.
func (a *attempt) ask(ctx context.Context, q question) {
	got := &answer{period: q.period}
	a.answers[q.route] = got
	got.departments, got.complete, got.err = q.ask(ctx)
	a.overtime = errors.Is(ctx.Err(), context.DeadlineExceeded)
	got.calls = a.sent.of(q.route)
	for _, call := range got.calls {
		got.took = max(got.took, call.Duration)
	}
	switch {
	case a.overtime:
		a.stopped = overtime
	case errors.Is(got.err, rocketchat.ErrNoCredentials):
		a.stopped = "the credentials cannot be used"
	case outcome(got.err) == rocketchat.Unauthorized:
		a.stopped = "the account is not accepted"
	case routeOf(got.err) == routeLogin:
		a.stopped = "the login failed"
	case outcome(got.err) == rocketchat.Redirected:
		a.stopped = redirected
	case a.infoErr != nil && !speaks(got.err) && unreached(got.err) == "":
		a.stopped = "what answers at this address is not Rocket.Chat, or fails"
	case outcome(got.err) == rocketchat.Unlicensed:
		a.stopped = unlicensed
	default:
		a.stopped = unreached(got.err)
	}
}

// routeLogin is the route of a login's calls and errors.
const routeLogin = "login"

// clean returns a text that may hold what the server sent.
func (a *attempt) clean(text string) string {
	return rocketchat.ShownText(text, a.hidden...)
}
