package check

// FormatVersion is the version of a [Report] as JSON. It changes when a field or a name is
// removed or gets another meaning, and not when one is added.
const FormatVersion = 1

// Report is what was found. As JSON it is what docs/check.md describes.
type Report struct {
	FormatVersion int `json:"format_version"`
	// Exporter is the version of the program.
	Exporter string `json:"exporter"`
	// ConfigFile is the file that was checked.
	ConfigFile string `json:"config_file"`
	// Offline says that nothing was sent.
	Offline bool `json:"offline"`
	// Status is that of the worst result.
	Status Status `json:"status"`
	// Calls is how many calls were sent to all workspaces.
	Calls int `json:"calls"`
	// Configuration holds the results about the file.
	Configuration []Result `json:"configuration"`
	// Workspaces are ordered as they were given.
	Workspaces []WorkspaceReport `json:"workspaces"`
}

// WorkspaceReport is what was found about one workspace.
type WorkspaceReport struct {
	Name string `json:"workspace"`
	// URL is the address as configured.
	URL string `json:"url"`
	// Status is that of the worst result.
	Status Status `json:"status"`
	// Release is the server's version, empty if it is not known.
	Release string `json:"release,omitempty"`
	// Calls is how many calls were sent, those of a login included.
	Calls int `json:"calls"`
	// Results are in the order of [Names]; the routes stand where [Route] does.
	Results []Result `json:"checks"`
}

// Result is what one check found.
type Result struct {
	// Check is one of [Names].
	Check string `json:"check"`
	// Route is set where Check is [Route].
	Route string `json:"route,omitempty"`
	// Status says how it ended.
	Status Status `json:"status"`
	// Found is what was found; of a skipped check, why it was skipped.
	Found string `json:"found"`
	// Meaning is what that means for the numbers; empty where that is plain.
	Meaning string `json:"meaning,omitempty"`
	// Action is what to do; empty where there is nothing to do.
	Action string `json:"action,omitempty"`
}

// The names of the checks.
const (
	Configuration = "configuration"
	Credentials   = "credentials"
	Windows       = "windows"
	Budget        = "budget"
	Reachability  = "reachability"
	TLS           = "tls"
	Clock         = "clock"
	Account       = "account"
	Route         = "route"
	Licence       = "licence"
	Departments   = "departments"
	Paging        = "paging"
	RateLimit     = "rate_limit"
)

// Names returns the names of all checks, in the order in which they are told.
func Names() []string {
	return []string{
		Configuration, Credentials, Windows, Budget, Reachability, TLS, Clock,
		Account, Route, Licence, Departments, Paging, RateLimit,
	}
}

// close fills in what follows from the results.
func (r *Report) close() {
	r.Calls = 0
	all := statuses(r.Configuration)
	for i := range r.Workspaces {
		w := &r.Workspaces[i]
		w.Status = worst(statuses(w.Results)...)
		all = append(all, w.Status)
		r.Calls += w.Calls
	}
	r.Status = worst(all...)
}

func statuses(results []Result) []Status {
	all := make([]Status, 0, len(results))
	for _, r := range results {
		all = append(all, r.Status)
	}
	return all
}

// Refused returns the report about a configuration with mistakes: nothing else was
// checked.
func Refused(offline bool, mistakes []error) Report {
	r := Report{FormatVersion: FormatVersion, Offline: offline, Workspaces: []WorkspaceReport{}}
	for _, mistake := range mistakes {
		r.Configuration = append(r.Configuration, Result{
			Check: Configuration, Status: Failed, Found: mistake.Error(), Meaning: "the exporter does not start with it",
		})
	}
	r.close()
	return r
}
