package server

import (
	"bytes"
	"cmp"
	_ "embed" // For the page and its style.
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-kit/log/level"
	"github.com/prometheus/common/model"

	"livechat_exporter/collector"
)

var (
	//go:embed landing.html
	landingHTML string
	//go:embed landing.css
	landingCSS string

	landingTemplate = template.Must(template.New("landing").Funcs(template.FuncMap{"state": stateOf, "ago": ago}).Parse(landingHTML))
)

// landingView is what the template shows.
type landingView struct {
	Options    Options
	Style      template.CSS
	Now        time.Time
	Open       bool
	Workspaces []landingWorkspace // Failing ones first.
}

type landingWorkspace struct {
	Name, Summary string
	State         state
	Resources     []collector.ResourceStatus
}

// state of a resource or a workspace. They are shown in this order.
type state int

const (
	failing state = iota
	unknown
	good
)

// String returns the state as the page shows it, and its class in the style sheet.
func (s state) String() string { return [...]string{"failing", "unknown", "good"}[s] }

func stateOf(resource collector.ResourceStatus) state {
	switch resource.Outcome {
	case "":
		return unknown
	case "ok":
		return good
	default:
		return failing
	}
}

// landing serves links and the state of each workspace. It sends no calls.
func (s *Server) landing(w http.ResponseWriter, _ *http.Request) {
	running, now := s.running.Load(), s.options.Now()
	view := landingView{
		Options: s.options,
		Style:   template.CSS(landingCSS), //nolint:gosec // It is part of the program.
		Now:     now,
		Open:    len(running.Workspaces) <= 10, // More are easier to look through folded.
	}
	for _, workspace := range running.Workspaces {
		view.Workspaces = append(view.Workspaces, newLandingWorkspace(workspace, now))
	}
	slices.SortStableFunc(view.Workspaces, func(a, b landingWorkspace) int { return cmp.Compare(a.State, b.State) })

	var body bytes.Buffer // An error must not leave half a page.
	if err := landingTemplate.Execute(&body, view); err != nil {
		level.Error(s.options.Logger).Log("msg", "The landing page was not served", "err", err)
		http.Error(w, "the page could not be made: the log has the reason", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = body.WriteTo(w) // An error means that the client has gone.
}

// newLandingWorkspace sums up a workspace. It is failing if one of its resources is.
func newLandingWorkspace(workspace NamedWorkspace, now time.Time) landingWorkspace {
	view := landingWorkspace{Name: workspace.Name, State: unknown, Resources: workspace.Workspace.Status()}
	var outcomes, summary []string // One outcome for each failing resource.
	var oldest time.Time
	for _, resource := range view.Resources {
		switch stateOf(resource) {
		case failing:
			outcomes = append(outcomes, resource.Outcome)
		case good:
			view.State = good
		}
		if at := resource.AskedAt; !at.IsZero() && (oldest.IsZero() || at.Before(oldest)) {
			oldest = at
		}
	}
	if failures := len(outcomes); failures > 0 {
		view.State = failing
		slices.Sort(outcomes)
		summary = append(summary, fmt.Sprintf("%d of %d (%s)", failures, len(view.Resources), strings.Join(slices.Compact(outcomes), ", ")))
	}
	if !oldest.IsZero() {
		summary = append(summary, "oldest answer "+ago(now, oldest))
	}
	view.Summary = strings.Join(summary, ", ")
	return view
}

// ago returns the age of a moment in the past.
func ago(now, at time.Time) string {
	return model.Duration(max(now.Sub(at), 0).Truncate(time.Second)).String() + " ago"
}
