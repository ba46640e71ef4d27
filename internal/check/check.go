// Package check tries the configured workspaces once, and reports what is wrong and what
// to do about it.
//
// It sends one query of each route that the configuration uses, through the client of a
// scrape and within the call budget. After a failure that concerns all routes it stops.
package check

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"livechat_exporter/internal/budget"
	"livechat_exporter/internal/config"
	"livechat_exporter/internal/rocketchat"
)

// Options are how to check.
type Options struct {
	Offline   bool   // Send nothing: check only the configuration and the credentials.
	Workspace string // The name of the only workspace to check; empty for all.
	UserAgent string // The program and its version.
	// Transport makes the connections to a workspace.
	Transport func(config.Workspace) http.RoundTripper
	Now       func() time.Time
}

const (
	timeLimit     = 2 * time.Minute // For the whole check.
	logoutTimeout = 3 * time.Second // For ending a session, in addition.
)

// Run checks the workspaces, all at the same time. They must be those of the whole
// configuration, because the workspaces of one server address share its call budget.
func Run(ctx context.Context, workspaces []config.Workspace, options Options) Report {
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	budgets := budget.New(options.Now)
	costs := config.Costs(workspaces)
	var probes []*probe
	for _, ws := range workspaces {
		if options.Workspace == "" || options.Workspace == ws.Name {
			probes = append(probes, &probe{Workspace: ws, options: options, costs: costs})
		}
	}
	var all sync.WaitGroup
	for _, p := range probes {
		all.Go(func() {
			p.run(ctx, budgets.Server(p.Address(), p.RateLimit))
			p.encryption()
			p.windows()
			p.cost()
		})
	}
	all.Wait()
	report := Report{Offline: options.Offline}
	for _, p := range probes {
		report.Workspaces = append(report.Workspaces, p.report())
	}
	return report
}

// probe checks one workspace.
type probe struct {
	config.Workspace

	options  Options
	costs    []config.Cost
	client   *rocketchat.Client
	version  string               // Of the server, empty if unknown.
	tls      *tls.ConnectionState // Of the latest connection, nil without TLS.
	findings []Finding
	verified bool // A route of a scrape gave a valid answer.

	mu    sync.Mutex
	calls []rocketchat.Call
}

// run checks what needs the server or files.
func (p *probe) run(ctx context.Context, calls *budget.Server) {
	transport := p.options.Transport(p.Workspace)
	if p.options.Offline {
		transport = promhttp.RoundTripperFunc(func(*http.Request) (*http.Response, error) { return nil, errors.New("offline") })
	}
	p.client = rocketchat.New(rocketchat.Options{
		URL: p.URL.URL, Transport: transport, Credentials: p.Credentials(), UserAgent: p.options.UserAgent,
		Budget: calls, Timeout: time.Duration(p.Timeout), Observe: p.observe, Now: p.options.Now,
	})
	defer p.client.CloseIdleConnections()
	if p.options.Offline {
		p.credentials(ctx)
		return
	}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if c, ok := info.Conn.(*tls.Conn); ok {
			state := c.ConnectionState()
			p.tls = &state
		}
	}})
	p.routes(ctx, p.server(ctx))
	p.settings(ctx)
	p.certificate()
	p.rateLimit()
	p.logout(ctx)
}

// credentials checks whether the client gets as far as sending a request.
func (p *probe) credentials(ctx context.Context) {
	_, err := p.client.Departments(ctx, rocketchat.Query{Key: p.Name})
	if failed, ok := errors.AsType[*rocketchat.Error](err); ok && failed.Outcome == rocketchat.NoCredentials {
		p.fail("credentials", err)
		return
	}
	p.add(OK, "credentials", "can be read", "")
}

// logout ends the session, if there is one, also after an interrupt.
func (p *probe) logout(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), logoutTimeout)
	defer cancel()
	if err := p.client.Logout(ctx); err != nil {
		what, hint := p.explain(err)
		p.add(Warning, "logout", "the session was not ended: "+what, hint)
	}
}

func (p *probe) observe(call rocketchat.Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, call)
}

func (p *probe) sent(route *rocketchat.Route) []rocketchat.Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	var calls []rocketchat.Call
	for _, call := range p.calls {
		if call.Route == route {
			calls = append(calls, call)
		}
	}
	return calls
}

func (p *probe) add(severity Severity, topic, what, hint string) {
	p.findings = append(p.findings, Finding{Severity: severity, Topic: topic, What: what, Hint: hint})
}

// report returns the findings by severity, and those alike in the order of the checks.
func (p *probe) report() WorkspaceReport {
	slices.SortStableFunc(p.findings, func(a, b Finding) int { return cmp.Compare(a.Severity, b.Severity) })
	ws := WorkspaceReport{Name: p.Name, Address: p.Address(), Findings: p.findings, Verified: p.verified}
	for _, call := range p.calls {
		if call.Reached {
			ws.Calls++
		}
	}
	return ws
}
