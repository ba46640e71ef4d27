package check

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"livechat_exporter/internal/budget"
)

// encryption checks whether the configuration protects the credentials on their way.
func (p *probe) encryption() {
	ip, err := netip.ParseAddr(p.URL.Hostname())
	local := err == nil && ip.IsLoopback() || strings.EqualFold(p.URL.Hostname(), "localhost")
	switch {
	case p.URL.Scheme == "http" && !local:
		p.add(Warning, "tls", "url is http://, so anybody on the way can read the credentials", "use https in url")
	case p.HTTPClient.TLSConfig.InsecureSkipVerify:
		p.add(Warning, "tls", "insecure_skip_verify accepts any certificate, so anybody on the way can read the credentials",
			"set ca_file in its place")
	}
}

// windows compares the windows with inactivity_timeout.
func (p *probe) windows() {
	timeout := time.Duration(p.InactivityTimeout)
	for _, w := range p.Windows {
		if w.Duration > 0 && w.Duration < 2*timeout {
			p.add(Warning, "windows",
				fmt.Sprintf("window %s counts a chat only if the visitor falls silent in its first %s", w.Name, shown(w.Duration-timeout)),
				fmt.Sprintf("make it %s or longer: twice inactivity_timeout", shown(2*timeout)))
		}
	}
	p.add(Note, "inactivity_timeout", shown(timeout)+" is configured; the server's own value cannot be read",
		"compare it with Livechat_visitor_inactivity_timeout (Omnichannel > Sessions)")
}

// cost adds what the configuration costs the server, with all workspaces of its address.
func (p *probe) cost() {
	calls, age := 0, model.Duration(0)
	for _, c := range p.costs {
		if c.Address == p.Address() {
			calls, age = calls+c.Calls, max(age, c.Age)
		}
	}
	found := plural(calls, "call") + " renew all numbers"
	if p.RateLimit.Calls > 0 {
		found += fmt.Sprintf("; with %s of a route, they get up to %s old", shownLimit(p.RateLimit), age)
	}
	p.add(OK, "call budget", found, "")
}

func shown(d time.Duration) string { return model.Duration(d.Round(time.Millisecond)).String() }

func shownLimit(l budget.Limit) string {
	if l.Calls == 0 {
		return "without a limit"
	}
	return fmt.Sprintf("%s per %s", plural(l.Calls, "call"), l.Per)
}
