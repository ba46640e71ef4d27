package rocketchat

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
)

// versionForm is that of a version such as 8.1.0-rc.2.
var versionForm = regexp.MustCompile(`^[0-9A-Za-z.+-]{1,64}$`)

// Version returns the server's release, such as "8.0"; the patch is only for accounts that
// may see the server's statistics. It sends no credentials. The error is an [*Error], or
// wraps [ErrBudgetSpent] if nothing was sent.
//
// https://developer.rocket.chat/apidocs/get-server-information
func (c *Client) Version(ctx context.Context) (string, error) {
	calls, err := c.one(ServerInfo)
	if err != nil {
		return "", err
	}
	defer calls.Release()
	var answer struct {
		Version string `json:"version"`
	}
	req := request{method: http.MethodGet, route: ServerInfo}
	err = c.send(ctx, calls, req, func(data []byte) error {
		decodeErr := json.Unmarshal(data, &answer)
		if decodeErr == nil && !versionForm.MatchString(answer.Version) {
			return invalid("the answer has no version")
		}
		return decodeErr
	})
	return answer.Version, err
}
