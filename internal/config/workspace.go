package config

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
)

// The keys that only a workspace has, and the one that holds the workspaces.
const (
	keyWorkspaces = "workspaces"
	keyURL        = "url"
	keyUserID     = "user_id"
	keyAuthToken  = "auth_token"
	keyHTTPClient = "http_client"
	fileSuffix    = "_file"
)

// rootSchema returns the keys at the top of the file.
func rootSchema() schema {
	const inWorkspace = "belongs to a workspace: move it into the entry under workspaces"
	return schema{
		keys: []string{keyWorkspaces, keyWindows, keyTimezone, keyInactivityTimeout, keyTimeout},
		refused: map[string]string{
			keyURL:                    inWorkspace,
			keyUserID:                 inWorkspace,
			keyUserID + fileSuffix:    inWorkspace,
			keyAuthToken:              inWorkspace,
			keyAuthToken + fileSuffix: inWorkspace,
			keyHTTPClient:             inWorkspace,
		},
	}
}

// workspaceSchema returns the keys of a workspace.
func workspaceSchema() schema {
	return schema{keys: []string{
		keyURL, keyUserID, keyUserID + fileSuffix, keyAuthToken, keyAuthToken + fileSuffix, keyHTTPClient,
		keyWindows, keyTimezone, keyInactivityTimeout, keyTimeout,
	}}
}

// configuration reads the whole file.
func (r *reader) configuration(root value) []Workspace {
	fields, ok := r.fields(root, rootSchema())
	if !ok {
		return nil
	}
	common := r.settings(fields)
	v, ok := fields[keyWorkspaces]
	if !ok {
		r.fail(value{line: root.line, key: keyWorkspaces}, "is missing: add it, with an entry for the workspace")
		return nil
	}
	entries, ok := r.entries(v)
	if !ok {
		return nil
	}
	if len(entries) == 0 {
		r.fail(v, "is empty: add an entry for the workspace")
	}
	if len(entries) > 1 {
		r.fail(value{line: entries[1].line, key: v.key},
			"%d workspaces are configured, and this version serves exactly one: run one exporter process for each, with a file of its own",
			len(entries))
	}
	var workspaces []Workspace
	for _, e := range entries {
		w, own := r.workspace(e)
		if len(entries) == 1 {
			r.resolve(&w, own.or(common).or(defaultSettings()))
		}
		workspaces = append(workspaces, w)
	}
	slices.SortFunc(workspaces, func(a, b Workspace) int { return cmp.Compare(a.Name, b.Name) })
	return workspaces
}

// resolve gives w the settings that hold for it.
func (r *reader) resolve(w *Workspace, s settings) {
	r.checkWindows(s)
	for _, configured := range *s.windows {
		w.Windows = append(w.Windows, configured.Window)
	}
	w.Location, w.InactivityTimeout, w.Timeout = s.location, s.inactivity.Duration, *s.timeout
}

// workspace reads one entry under workspaces. The settings are those of its own.
func (r *reader) workspace(e entry) (w Workspace, own settings) {
	switch {
	case !namePattern.MatchString(e.name):
		r.fail(e.value, "the name of a workspace is 1 to 64 letters, digits and _ - . : choose another "+
			"(it is not shown, because it may be a key without a space after its colon)")
	case r.holdsCredential(e.name):
		r.fail(e.value, "the name of a workspace (not shown) is a user_id or auth_token of this file, or holds one: choose another")
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
	w.UserID = r.credential(e.value, fields, keyUserID, "the _id of the Rocket.Chat user")
	w.AuthToken = r.credential(e.value, fields, keyAuthToken, "a personal access token of that user")
	if v, ok := fields[keyHTTPClient]; ok {
		w.HTTPClient = r.httpClient(v, w.URL)
	}
	return w, r.settings(fields)
}

// failMissing notes that parent has no entry name, which should hold what meaning says.
func (r *reader) failMissing(parent value, name, meaning string) {
	r.fail(value{line: parent.line, key: r.child(parent, name)}, "is missing: add %s", meaning)
}

// credential reads the key name, or the key that names a file instead.
func (r *reader) credential(parent value, fields map[string]value, name, meaning string) Secret {
	inline, hasInline := fields[name]
	file, hasFile := fields[name+fileSuffix]
	switch {
	case hasInline && hasFile:
		r.fail(file, "%s is there too: remove one of them", name)
		return Secret{}
	case hasFile:
		p, _ := r.path(file)
		return Secret{&source{file: p.file, key: file.key}}
	case hasInline:
		return r.inlineCredential(inline)
	default:
		r.failMissing(parent, name, meaning+", or the file that holds it as "+name+fileSuffix)
		return Secret{}
	}
}

// inlineCredential reads a credential that is written in the file or the environment.
func (r *reader) inlineCredential(v value) Secret {
	t, ok := r.text(v)
	if !ok {
		return Secret{}
	}
	credential := strings.TrimSpace(t.content)
	if credential == "" {
		r.failText(t, "holds white space alone: give it a value")
		return Secret{}
	}
	if err := checkCredential(credential); err != nil {
		r.failText(t, "%v", err)
		return Secret{}
	}
	return Secret{&source{value: credential}}
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
