package config

import (
	"cmp"
	"path/filepath"
	"slices"
)

// The keys that only a workspace has, but for its credentials, and the one that holds the
// workspaces.
const (
	keyWorkspaces = "workspaces"
	keyURL        = "url"
	keyHTTPClient = "http_client"
)

// rootSchema returns the keys at the top of the file.
func rootSchema() schema {
	const inWorkspace = "belongs to a workspace: move it into the entry under workspaces"
	refused := map[string]string{keyURL: inWorkspace, keyHTTPClient: inWorkspace}
	for _, key := range credentialKeys() {
		refused[key] = inWorkspace
	}
	return schema{keys: append([]string{keyWorkspaces}, settingKeys()...), refused: refused}
}

// workspaceSchema returns the keys of a workspace.
func workspaceSchema() schema {
	return schema{keys: slices.Concat([]string{keyURL}, credentialKeys(), []string{keyHTTPClient}, settingKeys())}
}

// configuration reads the whole file.
func (r *reader) configuration(root value) []Workspace {
	fields, ok := r.fields(root, rootSchema())
	if !ok {
		return nil
	}
	common := r.settings(fields).or(defaultSettings())
	v, ok := fields[keyWorkspaces]
	if !ok {
		r.fail(value{line: root.line, key: keyWorkspaces}, "is missing: add it, with an entry for each workspace")
		return nil
	}
	entries, ok := r.entries(v)
	if !ok {
		return nil
	}
	if len(entries) == 0 {
		r.fail(v, "is empty: add an entry for each workspace")
	}
	var workspaces []Workspace
	var inOrder []placed
	for _, e := range entries {
		w, own := r.workspace(e)
		effective := own.or(common)
		r.resolve(&w, effective)
		workspaces = append(workspaces, w)
		inOrder = append(inOrder, placed{Workspace: w, entry: e, settings: effective})
	}
	r.checkBudgets(inOrder)
	slices.SortFunc(workspaces, func(a, b Workspace) int { return cmp.Compare(a.Name, b.Name) })
	return workspaces
}

// resolve gives w the settings that hold for it.
func (r *reader) resolve(w *Workspace, s settings) {
	r.checkWindows(s)
	w.Windows, w.Location, w.InactivityTimeout = s.windows.windows, s.location, s.inactivity.Duration
	w.Counter, w.Rooms, w.Departments = *s.counter, *s.rooms, *s.departments
	w.RateLimit, w.Timeout, w.MaxAge = s.rateLimit.RateLimit, *s.timeout, s.maxAge.Duration
}

// workspace reads one entry under workspaces. The settings are those of its own.
func (r *reader) workspace(e entry) (w Workspace, own settings) {
	switch {
	case !namePattern.MatchString(e.name):
		r.fail(e.value, "the name of a workspace is 1 to 64 letters, digits and _ - . : choose another "+
			"(it is not shown, because it may be a key without a space after its colon)")
	case r.credentials.in(e.name):
		r.fail(e.value, "the name of a workspace (not shown) is a user_id, auth_token or password of this file, or holds one: choose another")
	}
	fields, ok := r.fields(e.value, workspaceSchema())
	if !ok {
		return Workspace{}, settings{}
	}
	w = Workspace{Name: e.name, HTTPClient: defaultHTTPClient()}
	if v, ok := fields[keyURL]; ok {
		w.URL = r.address(v)
	} else {
		r.failMissing(e.value, keyURL, "the address of the workspace, such as https://chat.example.com")
	}
	r.account(&w, e.value, fields)
	if v, ok := fields[keyHTTPClient]; ok {
		w.HTTPClient, w.fromEnvironment = r.httpClient(v, w.URL), r.fromEnvironment(v.node)
	}
	return w, r.settings(fields)
}

// failMissing notes that parent has no entry name, which should hold what meaning says.
func (r *reader) failMissing(parent value, name, meaning string) {
	r.fail(value{line: parent.line, key: r.child(parent, name)}, "is missing: add %s", meaning)
}

// path is the name of a file.
type path struct {
	text
	file  string // What to open.
	shown string // The name for messages: ${NAME} in it is not replaced.
}

// path reads the name of a file, which is relative to the configuration file.
func (r *reader) path(v value) (p path, ok bool) {
	t, ok := r.text(v)
	if !ok {
		return path{}, false
	}
	file := t.content
	if !filepath.IsAbs(file) {
		file = filepath.Join(r.dir, file)
	}
	if len(t.variables) > 0 {
		return path{text: t, file: file, shown: t.written}, true
	}
	return path{text: t, file: file, shown: file}, true
}
