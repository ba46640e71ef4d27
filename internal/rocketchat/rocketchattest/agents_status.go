package rocketchattest

import (
	"net/http"
	"slices"
)

// Presence is what a user's clients make of a user.
type Presence string

// The presences.
const (
	Online  Presence = "online"
	Busy    Presence = "busy"
	Away    Presence = "away"
	Offline Presence = "offline"
)

// Agent is a user with the role livechat-agent.
type Agent struct {
	Presence Presence
	// Accepts is the agent's own switch: whether new chats are welcome.
	Accepts bool
	// Departments are the ids of those that the agent is assigned to.
	Departments []string
}

// SetAgents replaces the agents of the workspace.
func (w *Workspace) SetAgents(agents ...Agent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.model.agents = slices.Clone(agents)
}

// agentsStatusRoute is GET
// /api/v1/livechat/analytics/dashboards/charts/agents-status. Unlike its siblings, it
// takes any parameters.
func agentsStatusRoute() route {
	return route{
		method:      http.MethodGet,
		path:        "/api/v1/livechat/analytics/dashboards/charts/agents-status",
		permissions: []string{ViewLivechatManager},
		handle:      agentsStatus,
	}
}

// agentsAnswer has no statuses at all where there is no agent.
type agentsAnswer struct {
	*AgentCounts

	Success bool `json:"success"`
}

// AgentCounts are how many agents have each status.
type AgentCounts struct {
	Offline   int `json:"offline"`
	Away      int `json:"away"`
	Busy      int `json:"busy"`
	Available int `json:"available"`
}

func agentsStatus(c *call) *answer {
	department, one := c.department()
	counts, agents := c.workspace.countAgents(func(a Agent) bool { return !one || slices.Contains(a.Departments, department) })
	if agents == 0 {
		return jsonAnswer(http.StatusOK, agentsAnswer{Success: true})
	}
	return jsonAnswer(http.StatusOK, agentsAnswer{&counts, true})
}

// Agents counts all agents by status.
func (w *Workspace) Agents() AgentCounts {
	counts, _ := w.countAgents(func(Agent) bool { return true })
	return counts
}

func (w *Workspace) countAgents(match func(Agent) bool) (counts AgentCounts, agents int) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, a := range w.model.agents {
		if !match(a) {
			continue
		}
		agents++
		switch {
		case !a.Accepts, a.Presence == Offline:
			counts.Offline++
		case a.Presence == Away:
			counts.Away++
		case a.Presence == Busy:
			counts.Busy++
		default:
			counts.Available++
		}
	}
	return counts, agents
}
