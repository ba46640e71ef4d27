package server

import (
	"cmp"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"livechat_exporter/collector"
)

// openAtMost is how many workspaces are shown with all of their resources. More
// would be a page that nobody reads: then each is a line that opens.
const openAtMost = 10

// landingView is what the landing page shows.
type landingView struct {
	Style      template.CSS
	Version    string
	Now        string
	Links      []linkView
	Counts     []countView
	Workspaces []workspaceView
}

type linkView struct{ Path, Text, Description string }

// countView is how many workspaces stand in the same way.
type countView struct {
	State  standing
	Number int
}

type workspaceView struct {
	Name, Probe, Summary string
	State                standing
	Open                 bool
	Resources            []resourceView
}

type resourceView struct {
	Resource, Window, Outcome, CallsLeft string
	State                                standing
	Running                              bool      // Another attempt is on its way.
	Outdated                             bool      // There is an answer, and it is not exported any more.
	Answer, NextCall                     *timeView // nil where there is none.
}

// timeView is a moment as a person reads it, and as a machine does.
type timeView struct{ Text, Machine string }

// standing is how a resource or a workspace stands, in the order in which a reader
// wants to see them.
type standing int

const (
	failing standing = iota
	unasked
	good
)

// String returns the word for it.
func (s standing) String() string { return [...]string{"failing", "not asked yet", "good"}[s] }

// Class returns its class in the style sheet.
func (s standing) Class() string { return [...]string{"failing", "unasked", "good"}[s] }

// landingView looks at every workspace, without asking it.
func (s *Server) landingView() landingView {
	now := s.options.Now()
	running := s.running.Load()
	view := landingView{
		Style:   template.CSS(landingCSS), //nolint:gosec // It is the file beside this one.
		Version: s.options.Version,
		Now:     machineTime(now),
		Links:   s.links(running),
		Counts:  []countView{{State: failing}, {State: unasked}, {State: good}},
	}
	for _, workspace := range running.Workspaces {
		shown := viewOf(workspace, now)
		shown.Open = len(running.Workspaces) <= openAtMost
		view.Counts[shown.State].Number++
		view.Workspaces = append(view.Workspaces, shown)
	}
	slices.SortStableFunc(view.Workspaces, func(a, b workspaceView) int { return cmp.Compare(a.State, b.State) })
	return view
}

func (s *Server) links(running *Running) []linkView {
	exporter := "the exporter's own"
	if workspace, ok := running.only(); ok {
		exporter = "of the exporter and of " + workspace.Name
	}
	links := []linkView{
		{s.options.MetricsPath, "Metrics", exporter},
		{discoveryPath, "Discovery", "for Prometheus"},
		{configPath, "Configuration", "without its secrets"},
		{healthyPath, "Healthy", "the process lives"},
		{readyPath, "Ready", "a configuration is loaded"},
	}
	if s.options.EnableProfiles {
		links = append(links, linkView{profilesPath, "Profiles", "of the Go runtime"})
	}
	return links
}

// viewOf returns a workspace as it stands now.
func viewOf(workspace NamedWorkspace, now time.Time) workspaceView {
	status := workspace.Workspace.Status()
	view := workspaceView{
		Name:  workspace.Name,
		Probe: probePath + "?" + url.Values{"target": {workspace.Name}}.Encode(),
		State: unasked,
	}
	for _, resource := range status {
		view.Resources = append(view.Resources, resourceViewOf(resource, now))
	}
	view.State, view.Summary = summary(status, now)
	return view
}

func resourceViewOf(status collector.ResourceStatus, now time.Time) resourceView {
	view := resourceView{
		Resource: status.Resource, Window: status.Window, Outcome: status.Outcome,
		CallsLeft: strconv.Itoa(status.CallsLeft), State: standingOf(status),
		Running: status.Running, Outdated: !status.AskedAt.IsZero() && !status.Exported,
		Answer: ago(status.AskedAt, now), NextCall: ahead(status.NextCall, now),
	}
	if status.CallsLeft < 0 {
		view.CallsLeft = "no limit"
	}
	if view.State == unasked {
		view.Outcome = unasked.String()
	}
	return view
}

func standingOf(status collector.ResourceStatus) standing {
	switch {
	case !status.Attempted:
		return unasked
	case status.Succeeded:
		return good
	default:
		return failing
	}
}

// summary says in a line how a workspace with these resources stands: it fails if one
// of them does.
func summary(status []collector.ResourceStatus, now time.Time) (state standing, text string) {
	var numbers [good + 1]int
	var outcomes, parts []string
	var oldest time.Time
	for _, resource := range status {
		s := standingOf(resource)
		numbers[s]++
		if s == failing && !slices.Contains(outcomes, resource.Outcome) {
			outcomes = append(outcomes, resource.Outcome)
		}
		if at := resource.AskedAt; !at.IsZero() && (oldest.IsZero() || at.Before(oldest)) {
			oldest = at
		}
	}
	switch {
	case numbers[failing] > 0:
		state = failing
		parts = append(parts, fmt.Sprintf("%d of %d (%s)", numbers[failing], len(status), strings.Join(outcomes, ", ")))
	case numbers[good] > 0:
		state = good
	default:
		return unasked, ""
	}
	if numbers[unasked] > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d not asked yet", numbers[unasked], len(status)))
	}
	if at := ago(oldest, now); at != nil {
		parts = append(parts, "oldest answer "+at.Text)
	}
	return state, strings.Join(parts, ", ")
}

// ago returns a moment in the past; nil for the zero time.
func ago(at, now time.Time) *timeView {
	if at.IsZero() {
		return nil
	}
	return &timeView{Text: span(now.Sub(at)) + " ago", Machine: machineTime(at)}
}

// ahead returns a moment in the future; nil for one that is not.
func ahead(at, now time.Time) *timeView {
	if !at.After(now) {
		return nil
	}
	wait := at.Sub(now) + time.Second - 1 // Not "in 0 s".
	return &timeView{Text: "in " + span(wait), Machine: machineTime(at)}
}

// span returns a duration in its fitting unit. What is under two of a unit is told in
// the unit below.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", max(d, 0)/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%d h", d/time.Hour)
	default:
		return fmt.Sprintf("%d d", d/day)
	}
}

func machineTime(at time.Time) string { return at.UTC().Format(time.RFC3339) }
