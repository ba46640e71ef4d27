package check

import (
	"crypto/tls"
	"fmt"
	"time"

	"livechat_exporter/internal/rocketchat"
)

// Limits of what is reported.
const (
	soon       = 14 * 24 * time.Hour // Certificates that renew themselves are renewed earlier.
	noticeable = 5 * time.Second     // The header Date has whole seconds.
	excessive  = 5 * time.Minute     // Windows are no longer what their names mean.
)

// certificate checks when the server's certificate expires.
func (p *probe) certificate() {
	if p.tls == nil || len(p.tls.PeerCertificates) == 0 {
		return
	}
	end := p.tls.PeerCertificates[0].NotAfter
	severity, hint := OK, ""
	if end.Sub(p.options.Now()) < soon {
		severity, hint = Warning, "renew the certificate before that day"
	}
	p.add(severity, "tls", fmt.Sprintf("%s, certificate valid until %s", tls.VersionName(p.tls.Version), end.UTC().Format(time.DateOnly)), hint)
}

// clock compares the server's clock with that of this machine.
func (p *probe) clock(call rocketchat.Call, end time.Time) {
	// The server read its clock during the call, and in the second of Date.
	begin := end.Add(-call.Duration - time.Second)
	difference := max(call.Date.Sub(end), begin.Sub(call.Date))
	severity := Warning
	switch {
	case call.Date.IsZero():
		return
	case difference < noticeable:
		p.add(OK, "clock", "the server and this machine differ by less than "+shown(noticeable), "")
		return
	case difference >= excessive:
		severity = Failed
	}
	p.add(severity, "clock", fmt.Sprintf("the server and this machine differ by %s: windows begin and end that much too early or too late",
		shown(difference)), "synchronize both clocks (NTP)")
}

// rateLimit compares the limit in the headers of the answers with the configured one.
func (p *probe) rateLimit() {
	limit := -1
	for _, route := range routesOfScrape() {
		for _, call := range p.sent(route) {
			if call.Limit >= 0 && (limit < 0 || call.Limit < limit) {
				limit = call.Limit
			}
		}
	}
	configured := p.RateLimit.Calls
	found := fmt.Sprintf("the server accepts %s of a route; configured: %s", plural(limit, "call"), shownLimit(p.RateLimit))
	switch {
	case limit < 0 && (configured == 0 || !p.verified):
	case limit < 0:
		p.add(Note, "rate_limit", "the server does not limit the account; configured: "+shownLimit(p.RateLimit),
			"with rate_limit: {calls: 0} each scrape renews every number")
	case configured == 0 || configured > limit:
		p.add(Warning, "rate_limit", found+"; the rest gets 429",
			fmt.Sprintf("set calls in rate_limit to %d or less, or give the account the permission api-bypass-rate-limit (role bot)", limit))
	default:
		p.add(OK, "rate_limit", found, "")
	}
}
