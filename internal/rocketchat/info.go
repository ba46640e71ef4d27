package rocketchat

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// versionForm is that of a version such as 8.1.0-rc.2.
var versionForm = regexp.MustCompile(`^[0-9A-Za-z.+-]{1,64}$`)

// Version returns the server's release, such as "8.0"; the patch is only for accounts that
// may see the server's statistics. It sends no credentials. The error is an [*Error], or
// wraps [ErrBudgetSpent] if nothing was sent.
//
// https://developer.rocket.chat/apidocs/get-server-information
func (c *Client) Version(ctx context.Context) (string, error) {
	var answer struct {
		Version string `json:"version"`
	}
	err := c.public(ctx, ServerInfo, nil, func(data []byte) error {
		err := json.Unmarshal(data, &answer)
		if err == nil && !versionForm.MatchString(answer.Version) {
			return invalid("the answer has no version")
		}
		return err
	})
	return answer.Version, err
}

// PublicSettings returns the values of settings of the server, as JSON, by their ids:
// those that exist and that everybody may read. It sends no credentials. Errors are as
// for [Client.Version].
//
// https://developer.rocket.chat/apidocs/get-public-settings
func (c *Client) PublicSettings(ctx context.Context, ids ...string) (map[string]string, error) {
	values := paging(0, 0) // Releases before 7.0 send all settings, whatever the ids.
	values.Set("_id", strings.Join(ids, ","))
	found := make(map[string]string)
	err := c.public(ctx, Settings, values, func(data []byte) error {
		var answer struct {
			Settings []struct {
				ID    string          `json:"_id"`
				Value json.RawMessage `json:"value"`
			} `json:"settings"`
		}
		err := json.Unmarshal(data, &answer)
		for _, s := range answer.Settings {
			if slices.Contains(ids, s.ID) {
				found[s.ID] = string(s.Value)
			}
		}
		return err
	})
	return found, err
}

// public sends one call without credentials.
func (c *Client) public(ctx context.Context, route *Route, query url.Values, decode func([]byte) error) error {
	calls, err := c.one(route)
	if err != nil {
		return err
	}
	defer calls.Release()
	return c.send(ctx, calls, request{method: http.MethodGet, route: route, query: query}, decode)
}
