package server

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// targetGroup is an element of what Prometheus' HTTP service discovery reads:
// https://prometheus.io/docs/prometheus/latest/http_sd/.
type targetGroup struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// discovery lists the workspaces for http_sd_configs, usable as they are: each is a
// target of this exporter, under the address by which the request found it, that is
// scraped by /probe and has the workspace's name as its instance.
func (s *Server) discovery(w http.ResponseWriter, r *http.Request) {
	// It comes back in what Prometheus will scrape, with the credentials of its
	// scrape configuration.
	if !isAddress(r.Host) {
		http.Error(w, "the Host header must be a host name or an IP address, with or without a port", http.StatusBadRequest)
		return
	}
	workspaces := s.running.Load().Workspaces
	groups := make([]targetGroup, 0, len(workspaces)) // Never nil, whose JSON is null.
	for _, workspace := range workspaces {
		groups = append(groups, targetGroup{
			Targets: []string{r.Host},
			Labels: map[string]string{
				"__metrics_path__": probePath,
				"__param_target":   workspace.Name,
				"instance":         workspace.Name,
			},
		})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(groups) // It fails only where nobody reads it.
}

// isAddress reports whether the text is a host, or a host and a port, as Prometheus
// takes it for a target.
func isAddress(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err != nil { // There is no port, or it is no address at all.
		host = text
		if inner, ok := strings.CutPrefix(text, "["); ok {
			if host, ok = strings.CutSuffix(inner, "]"); !ok {
				return false
			}
			return isIPv6(host)
		}
		return hostName.MatchString(host)
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || number == 0 {
		return false
	}
	if strings.HasPrefix(text, "[") {
		return isIPv6(host)
	}
	return hostName.MatchString(host)
}

// isIPv6 reports whether the text is an address of version 6. A zone has a meaning on
// one machine only.
func isIPv6(text string) bool {
	address, err := netip.ParseAddr(text)
	return err == nil && address.Is6() && address.Zone() == ""
}

// hostName is a host's name or its address of version 4. Underscores are no part of
// host names by the standards, and are in use. The longest is that of RFC 1035,
// section 2.3.4, without the dot that ends it.
var hostName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,253}$`)
