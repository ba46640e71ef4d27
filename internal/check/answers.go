package check

import (
	"crypto/tls"
	"fmt"
	"time"

	"livechat_exporter/internal/rocketchat"
)

// soon is how long before the end of a certificate there is a warning. Certificates that
// are renewed automatically are renewed earlier.
const soon = 14 * 24 * time.Hour

// certificate checks when the server's certificate expires.
func (p *probe) certificate() {
	if p.tls == nil || len(p.tls.PeerCertificates) == 0 {
		return
	}
	end := p.tls.PeerCertificates[0].NotAfter
	found := fmt.Sprintf("%s, certificate valid until %s", tls.VersionName(p.tls.Version), end.UTC().Format(time.DateOnly))
	if end.Sub(p.options.Now()) < soon {
		p.add(Warning, "tls", found, "renew the certificate before that day")
		return
	}
	p.add(OK, "tls", found, "")
}

// Differences between two clocks. The header Date has whole seconds.
const (
	noticeable = 5 * time.Second
	excessive  = 5 * time.Minute // Windows are no longer what their names mean.
)

// clock compares the server's clock with that of this machine. The server's time lies in
// the second of Date, and in the duration of the call.
func (p *probe) clock(call rocketchat.Call, end time.Time) {
	if call.Date.IsZero() {
		return
	}
	ahead := call.Date.Sub(end)
	behind := end.Add(-call.Duration).Sub(call.Date.Add(time.Second))
	found := fmt.Sprintf("the server is %s ahead of this machine: its latest chats are not counted", shown(max(0, ahead)))
	if behind > 0 {
		found = fmt.Sprintf("the server is %s behind this machine: windows end that much too late", shown(behind))
	}
	switch difference := max(ahead, behind); {
	case difference < noticeable:
		p.add(OK, "clock", "the server and this machine differ by less than "+shown(noticeable), "")
	case difference < excessive:
		p.add(Warning, "clock", found, "synchronize both clocks (NTP)")
	default:
		p.add(Failed, "clock", found, "synchronize both clocks (NTP)")
	}
}

// rateLimit compares the limit in the headers of the answers with the configured one.
func (p *probe) rateLimit() {
	limit, answered := -1, false
	for _, route := range routesOfScrape() {
		for _, call := range p.sent(route) {
			answered = answered || call.Outcome == rocketchat.OK
			if call.Limit >= 0 && (limit < 0 || call.Limit < limit) {
				limit = call.Limit
			}
		}
	}
	configured := p.RateLimit.Calls
	found := fmt.Sprintf("the server accepts %s of a route; configured: %s", plural(limit, "call"), shownLimit(p.RateLimit))
	switch {
	case limit < 0 && !answered:
	case limit < 0 && configured > 0:
		p.add(Note, "rate_limit", "the server does not limit the account; configured: "+shownLimit(p.RateLimit),
			"with rate_limit: {calls: 0} each scrape renews every number")
	case limit < 0:
		p.add(OK, "rate_limit", "the server does not limit the account", "")
	case configured == 0 || configured > limit:
		p.add(Warning, "rate_limit", found+"; the rest gets 429",
			fmt.Sprintf("set calls in rate_limit to %d or less, or give the account the permission api-bypass-rate-limit (role bot)", limit))
	default:
		p.add(OK, "rate_limit", found, "")
	}
}
