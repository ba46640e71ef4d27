package rocketchat

import (
	"context"
	"io"
	"maps"
	"net/url"
	"strconv"
	"time"
)

// query is a question to a route that answers with departments.
type query[R row] struct {
	route  *route
	values url.Values
	decode func(io.Reader) (page[R], error)
}

// timestamp is a form of RFC 3339 that every release parses alike: a time
// without Z would be read in the server's own time zone.
const timestamp = "2006-01-02T15:04:05.000Z"

// periodValues are the parameters of a period.
func periodValues(start, end time.Time) url.Values {
	return url.Values{"start": {start.UTC().Format(timestamp)}, "end": {end.UTC().Format(timestamp)}}
}

// pageValues are the parameters of a page.
func pageValues(offset, count int) url.Values {
	values := url.Values{"count": {strconv.Itoa(count)}}
	if offset > 0 {
		values.Set("offset", strconv.Itoa(offset))
	}
	return values
}

// send sends one call, which was taken from the budget.
func (q query[R]) send(ctx context.Context, c *Client, b *budget, paging url.Values) (page[R], error) {
	maps.Copy(paging, q.values)
	var answer page[R]
	err := c.get(ctx, q.route, paging, b, func(body io.Reader, remote remoteText) (err error) {
		if answer, err = q.decode(body); err != nil {
			return err
		}
		return answer.check(remote)
	})
	return answer, err
}
