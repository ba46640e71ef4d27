package rocketchat

import (
	"context"
	"io"
	"net/url"
	"strconv"
	"time"
)

// query is a question to an analytics route.
type query struct {
	route      *route
	field      string // The field of a department that holds its number.
	start, end time.Time
}

// timestamp is a form of RFC 3339 that every release parses alike: a time
// without Z would be read in the server's own time zone.
const timestamp = "2006-01-02T15:04:05.000Z"

// firstPage asks without paging parameters, which is legal on every release: up
// to 50 departments, and how many there are.
func (c *Client) firstPage(ctx context.Context, q query) (page, error) {
	return c.page(ctx, q, url.Values{})
}

// pageAt asks for count departments from offset on. A count of 0 asks for all of
// them, which a server with API_Allow_Infinite_Count grants.
func (c *Client) pageAt(ctx context.Context, q query, offset, count int) (page, error) {
	values := url.Values{"count": {strconv.Itoa(count)}}
	if offset > 0 {
		values.Set("offset", strconv.Itoa(offset))
	}
	return c.page(ctx, q, values)
}

// page sends one call.
func (c *Client) page(ctx context.Context, q query, values url.Values) (page, error) {
	values.Set("start", q.start.UTC().Format(timestamp))
	values.Set("end", q.end.UTC().Format(timestamp))
	var answer page
	err := c.get(ctx, q.route, values, func(body io.Reader, remote remoteText) (err error) {
		if answer, err = decodePage(body, q.field); err != nil {
			return err
		}
		return answer.check(remote)
	})
	return answer, err
}
