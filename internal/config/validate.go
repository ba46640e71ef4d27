package config

import (
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v4"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/window"
)

const keyWorkspaces = "workspaces"

// workspaces decodes the file: the common settings, then each workspace on top of them.
// The result is in the order of the file.
func (d *document) workspaces(root *yaml.Node) (workspaces []Workspace) {
	if root.Kind != yaml.MappingNode {
		d.fail("", "must be a mapping (key: value)")
		return nil
	}
	common, settings, entries := defaults(), *root, &yaml.Node{}
	settings.Content = nil
	notCommon, _ := workspaceKeys()
	for i := 0; i+1 < len(root.Content); i += 2 {
		switch key := root.Content[i].Value; {
		case key == keyWorkspaces:
			entries = dereference(root.Content[i+1])
		case slices.Contains(notCommon, key):
			d.fail(key, "belongs to a workspace: move it into an entry under workspaces")
		default:
			settings.Content = append(settings.Content, root.Content[i], root.Content[i+1])
		}
	}
	d.decode(&settings, &common)
	d.checkSettings("", common)
	if entries.Kind != yaml.MappingNode || len(entries.Content) == 0 {
		d.fail(keyWorkspaces, "must be a mapping with an entry for each workspace")
		return nil
	}
	for i := 0; i+1 < len(entries.Content); i += 2 {
		w, node := common, dereference(entries.Content[i+1])
		if w.Name = entries.Content[i].Value; !namePattern.MatchString(w.Name) {
			d.fail(w.key(), "the name of a workspace must have 1 to 64 letters, digits and _ - .")
		}
		if d.has(w.key() + ".rate_limit") {
			w.RateLimit = defaultLimit() // A key replaces the common one as a whole.
		}
		d.decode(node, &w)
		if node.Kind == yaml.MappingNode {
			d.checkWorkspace(w.key(), &w)
		}
		workspaces = append(workspaces, w)
	}
	d.checkServers(workspaces)
	return workspaces
}

func (d *document) has(key string) bool { return d.lines[key] > 0 }

// where returns the key path of a setting of a workspace: the common one if that is what
// the file has, or else its own.
func (d *document) where(parent, key string) string {
	if own := strings.TrimPrefix(parent+"."+key, "."); d.has(own) || !d.has(key) {
		return own
	}
	return key
}

func (d *document) checkWorkspace(key string, w *Workspace) {
	if w.URL.URL == nil {
		d.fail(key+"."+keyURL, "is missing: add the address at which users open Rocket.Chat, such as https://chat.example.com")
	} else {
		u := *w.URL.URL
		u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
		w.URL.URL = &u
		if err := checkURL(u, "https", "http"); err != nil {
			d.fail(key+"."+keyURL, "%v", err)
		} else if strings.HasSuffix(u.Path, "/api") || strings.Contains(u.Path+"/", "/api/v1/") {
			d.fail(key+"."+keyURL, "must be written without /api/v1: remove it and what follows it")
		}
	}
	d.checkAccount(key, w)
	d.checkHTTPClient(key+".http_client", w)
	d.checkSettings(key, *w)
	d.checkInactivity(key, *w)
}

func (d *document) checkAccount(parent string, w *Workspace) {
	token, login := w.UserID+w.UserIDFile+w.AuthToken+w.AuthTokenFile != "", w.Username+w.Password+w.PasswordFile != ""
	switch {
	case token == login:
		d.note(parent, "must have one kind of credentials: user_id and auth_token (or user_id_file and auth_token_file), "+
			"or username and password (or password_file)")
	case token:
		d.checkCredential(parent+".user_id", w.UserID, &w.UserIDFile, "the _id of the Rocket.Chat user, or user_id_file")
		d.checkCredential(parent+".auth_token", w.AuthToken, &w.AuthTokenFile, "a personal access token of that user, or auth_token_file")
	default:
		d.checkCredential(parent+".username", w.Username, new(Secret), "the name that the user logs in with")
		d.checkCredential(parent+".password", w.Password, &w.PasswordFile, "the password of that user, or password_file")
	}
}

func (d *document) checkCredential(key string, value Secret, file *Secret, meaning string) {
	d.checkFile(key+"_file", (*string)(file))
	isToken := strings.HasSuffix(key, "user_id") || strings.HasSuffix(key, "auth_token")
	switch err := rocketchat.CheckToken(string(value)); {
	case value+*file == "":
		d.fail(key, "is missing: add %s", meaning)
	case value != "" && *file != "":
		d.fail(key+"_file", "%s is there too: remove one of them", key[strings.LastIndex(key, ".")+1:])
	case value != "" && isToken && err != nil:
		d.fail(key, "%v (write it as Rocket.Chat shows it, and nothing else)", err)
	}
}

const (
	maxMaxAge = model.Day  // An older number is no news.
	maxCalls  = 10_000     // Who may make more needs no limit.
	maxPer    = model.Hour // A server that takes its calls in a longer time cannot be watched.
)

// checkSettings checks single settings. An empty parent means the common ones.
func (d *document) checkSettings(parent string, w Workspace) {
	if w.Timeout <= 0 {
		d.fail(d.where(parent, "timeout"), "must be more than 0: write how long one call of the API may take, such as 30s")
	}
	if w.MaxAge <= 0 || w.MaxAge > maxMaxAge {
		d.fail(d.where(parent, "max_age"), "must be more than 0 and at most %s: write how old an exported answer may become, such as 5m", maxMaxAge)
	}
	if calls := w.RateLimit.Calls; calls < 0 || calls == 1 || calls > maxCalls { // Some numbers take two calls.
		d.fail(d.where(parent, "rate_limit.calls"), "must be 0, or 2 to %d: write how many calls of a route the server accepts in the time per, or 0 for no limit", maxCalls)
	}
	if w.RateLimit.Per <= 0 || w.RateLimit.Per > maxPer {
		d.fail(d.where(parent, "rate_limit.per"), "must be more than 0 and at most %s: write the time in which the server accepts the calls, such as 1m", maxPer)
	}
	key := d.where(parent, "windows")
	if len(w.Windows) == 0 {
		d.fail(key, "must have at least one window, such as [24h]")
	}
	names, periods := map[string]bool{}, map[window.Window]string{}
	for _, w := range w.Windows {
		period := window.Window{Duration: w.Duration, Calendar: w.Calendar}
		if first, ok := periods[period]; ok {
			d.note(key, "%q and %q are the same period: remove one of them", first, w.Name)
		} else if names[w.Name] {
			d.note(key, "two windows have the name %q: give one of them another name", w.Name)
		}
		names[w.Name], periods[period] = true, w.Name
	}
}

// checkInactivity refuses windows in which the server can never count a chat: one counts
// if it is wholly in the window and the visitor was silent for the timeout in between.
func (d *document) checkInactivity(parent string, w Workspace) {
	if d.failed(d.where(parent, "inactivity_timeout")) {
		return
	}
	var short []string
	for _, one := range w.Windows {
		if one.Calendar == "" && one.Duration <= time.Duration(w.InactivityTimeout) {
			short = append(short, one.Name)
		}
	}
	if len(short) > 0 {
		d.note(d.where(parent, "windows"), "the server can never count a chat in windows that are not longer than inactivity_timeout (%s): configure longer "+
			"windows than %s, or set inactivity_timeout to the server's Livechat_visitor_inactivity_timeout", w.InactivityTimeout, strings.Join(short, ", "))
	}
}
