package rocketchat

import (
	"context"
	"errors"
)

const (
	// pageSize is the server's default API_Upper_Count_Limit; it cuts a
	// larger count down to that.
	pageSize = 100
	// maxPages is how many calls the server allows in a minute by default:
	// more pages would end in a refusal and bring nothing.
	maxPages = 10
)

// departments asks until the answer is whole or cannot be had whole, all calls
// with the same start and end. The first goes without paging parameters, which
// tells how many departments there are; then all are asked for at once; and where
// the server does not grant that, page by page. It begins with the way that was
// found to work the last time.
func (c *Client) departments(ctx context.Context, q query, paging *Paging) (Answer, error) {
	now := c.options.Now()
	begin := paging.recall(now)
	if c.pagingSupport.current(now) == refused {
		begin = asFirst
	}

	var got collected
	if begin == asFirst {
		first, err := c.firstPage(ctx, q)
		if err != nil {
			return Answer{}, err
		}
		got.add(first)
		if got.missing() == 0 {
			return got.answer(), nil
		}
	}

	if begin != inPages {
		whole, err := c.tryPage(ctx, q, 0, 0)
		if err != nil {
			return c.answerDespite(ctx, q, err, &got)
		}
		// One whole answer is of one moment, and better than two in part.
		var alone collected
		alone.add(whole)
		if alone.missing() == 0 {
			paging.remember(asWhole, now)
			return alone.answer(), nil
		}
		got.add(whole)
		if begin == asWholeOnly {
			return got.answer(), nil
		}
	}

	before := len(got.rows)
	paged, err := c.tryPages(ctx, q, &got)
	if err != nil {
		return c.answerDespite(ctx, q, err, &got)
	}
	if paged && len(got.rows) == before {
		paging.remember(asWholeOnly, now)
	} else {
		paging.remember(inPages, now)
	}
	return got.answer(), nil
}

// tryPages asks for one page after the other, if all of them fit into maxPages,
// and reports whether they do.
func (c *Client) tryPages(ctx context.Context, q query, got *collected) (paged bool, err error) {
	if got.total > maxPages*pageSize {
		return false, nil
	}
	offset := 0
	for sent := 1; sent <= maxPages; sent++ {
		next, err := c.tryPage(ctx, q, offset, pageSize)
		if err != nil {
			return false, err
		}
		got.add(next)
		rows := len(next.rows)
		offset += rows
		// The server can be set to shorter pages: what came is what counts.
		rest := int(next.total) - offset
		if got.missing() == 0 || rows == 0 || rest <= 0 {
			return true, nil
		}
		if rest > (maxPages-sent)*rows {
			return false, nil
		}
	}
	return true, nil
}

// tryPage asks for count departments from offset on, for all of them where count
// is 0, unless the server is known to refuse these parameters.
func (c *Client) tryPage(ctx context.Context, q query, offset, count int) (page, error) {
	var answer page
	err := c.pagingSupport.call(ctx, c.options.Now(), func() (err error) {
		answer, err = c.pageAt(ctx, q, offset, count)
		return err
	})
	if err != nil && errors.Is(err, ctx.Err()) { // Not sent: the time was up before its turn.
		return page{}, broken(ctx, q.route, err, remoteText{})
	}
	return answer, err
}

// answerDespite returns what has come so far if all that is wrong is that the
// server takes no paging parameters: that is an incomplete answer, no failure.
func (c *Client) answerDespite(ctx context.Context, q query, err error, got *collected) (Answer, error) {
	if !isPagingRefusal(err) {
		return Answer{}, err
	}
	if len(got.rows) == 0 { // It took them the last time: an older release has been installed.
		first, err := c.firstPage(ctx, q)
		if err != nil {
			return Answer{}, err
		}
		got.add(first)
	}
	return got.answer(), nil
}
