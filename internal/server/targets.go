package server

import (
	"encoding/json"
	"net/http"
	"slices"
)

// probe serves the metrics of one configured workspace. The target is a name and never an
// address: no request can make the exporter call a server that is not configured.
func (s *Server) probe(w http.ResponseWriter, r *http.Request) {
	targets := r.URL.Query()["target"]
	if len(targets) != 1 || targets[0] == "" {
		http.Error(w, "there must be one target, the name of a configured workspace: ?target=NAME", http.StatusBadRequest)
		return
	}
	workspaces := s.running.Load().Workspaces
	i := slices.IndexFunc(workspaces, func(w NamedWorkspace) bool { return w.Name == targets[0] })
	if i < 0 {
		http.Error(w, "no workspace of that name is configured: "+discoveryPath+" lists those that are", http.StatusBadRequest)
		return
	}
	s.scrape(w, r, workspaces[i])
}

// targetGroup is an element of the list that Prometheus' HTTP service discovery reads:
// https://prometheus.io/docs/prometheus/latest/http_sd/.
type targetGroup struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// discovery lists the workspaces for http_sd_configs. Each is a target at the address of
// this request, with the labels that lead to its page of metrics.
func (s *Server) discovery(w http.ResponseWriter, r *http.Request) {
	groups := []targetGroup{} // Not nil, which is null in JSON.
	for _, workspace := range s.running.Load().Workspaces {
		labels := map[string]string{
			"__metrics_path__": probePath,
			"__param_target":   workspace.Name,
			"instance":         workspace.Name,
		}
		if r.TLS != nil {
			labels["__scheme__"] = "https"
		}
		groups = append(groups, targetGroup{Targets: []string{r.Host}, Labels: labels})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(groups) // An error means that the client has gone.
}
