package rocketchat

import (
	"context"
	"io"
	"net/http"
	"time"
)

// Info is what a server tells everybody of itself.
type Info struct {
	// Version is the release, such as "8.0". Servers tell the patch only to those who
	// may see their statistics.
	Version string
	// Time is the server's clock at the answer, in whole seconds, by the header Date;
	// zero if it has none.
	Time time.Time
}

// Info asks for the server's version, without credentials. The error is an [*Error], or
// wraps [ErrBudgetSpent] if nothing was sent.
//
// https://developer.rocket.chat/apidocs/get-server-information
func (c *Client) Info(ctx context.Context) (Info, error) {
	b, err := c.single(info)
	if err != nil {
		return Info{}, err
	}
	var got Info
	e, err := c.send(ctx, outgoing{method: http.MethodGet, route: info}, b, func(r io.Reader, _ remoteText) (err error) {
		got.Version, err = decodeInfo(r)
		return err
	})
	if err != nil {
		return Info{}, err
	}
	got.Time = e.date
	return got, nil
}
