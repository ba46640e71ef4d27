package rocketchat

import (
	"context"
	"errors"
	"fmt"
	"net/url"
)

// pageSize is the server's default API_Upper_Count_Limit; it cuts a larger count down
// to that.
const pageSize = 100

// pager asks one question until the answer is whole or cannot be had whole, all calls
// with the same values.
type pager[R row] struct {
	client   *Client
	question *Question
	support  *pagingSupport
	query    query[R]
}

// answer asks. The first call goes without paging parameters, which tells how many
// departments there are; then all are asked for at once; and where the server does not
// grant that, page by page. It begins with the way that was found to work the last
// time. Where the budget does not reach, the answer is what has come, and the question
// knows how many calls it takes the next time.
func (p *pager[R]) answer(ctx context.Context) (collected[R], error) {
	var got collected[R]
	now := p.client.options.Now()
	begin := p.question.recall(now)
	if p.support.current(now) == refused {
		begin = asFirst
	}
	if !p.ensure(1) {
		return got, fmt.Errorf("%s: %w", p.query.route.name, ErrBudgetSpent)
	}
	if begin == asFirst {
		first, err := p.firstPage(ctx)
		if err != nil {
			return got, err
		}
		got.add(first)
		if got.missing() == 0 {
			return got, nil
		}
	}
	if begin != inPages {
		if !p.ensure(1) {
			p.question.remember(asWhole, 0, now)
			return got, nil
		}
		whole, err := p.tryPage(ctx, 0, 0)
		if err != nil {
			return p.answerDespite(ctx, err, got)
		}
		// One whole answer is of one moment, and better than two in part.
		var alone collected[R]
		alone.add(whole)
		if alone.missing() == 0 {
			p.question.remember(asWhole, 0, now)
			return alone, nil
		}
		got.add(whole)
		if begin == asWholeOnly {
			return got, nil
		}
	}

	before := got.len()
	sent, paged, err := p.pages(ctx, &got)
	if err != nil {
		return p.answerDespite(ctx, err, got)
	}
	if paged && got.len() == before {
		p.question.remember(asWholeOnly, 0, now)
	} else {
		p.question.remember(inPages, sent, now)
	}
	return got, nil
}

// pages asks for one page after the other, if all of them can be had. It returns how
// many calls they take, and whether they were all sent.
func (p *pager[R]) pages(ctx context.Context, got *collected[R]) (calls int, paged bool, err error) {
	offset, rows := 0, pageSize
	rest := max(1, int(got.total)) // Of an answer that begins with pages the total is not known yet.
	for sent := 0; ; sent++ {
		if left := (rest + rows - 1) / rows; !p.ensure(left) {
			return sent + left, false, nil
		}
		next, err := p.tryPage(ctx, offset, pageSize)
		if err != nil {
			return 0, false, err
		}
		got.add(next)
		// The server can be set to shorter pages: what came is what counts.
		rows = len(next.rows)
		offset += rows
		rest = int(next.total) - offset
		if got.missing() == 0 || rows == 0 || rest <= 0 {
			return sent + 1, true, nil
		}
	}
}

// ensure has so many calls ready. More than an answer can hold are never asked for.
func (p *pager[R]) ensure(calls int) bool {
	return calls <= maxDepartments/pageSize && p.question.ensure(p.client.options.Budget.route(p.query.route.name), calls)
}

// firstPage asks without paging parameters, which is legal on every release: up to 50
// departments, and how many there are.
func (p *pager[R]) firstPage(ctx context.Context) (page[R], error) {
	return p.query.send(ctx, p.client, p.question.take(), url.Values{})
}

// tryPage asks for count departments from offset on, for all of them where count is 0
// (which a server with API_Allow_Infinite_Count grants), unless the server is known to
// refuse these parameters.
func (p *pager[R]) tryPage(ctx context.Context, offset, count int) (page[R], error) {
	var answer page[R]
	err := p.support.call(ctx, p.client.options.Now(), func() (err error) {
		answer, err = p.query.send(ctx, p.client, p.question.take(), pageValues(offset, count))
		return err
	})
	if err != nil && errors.Is(err, ctx.Err()) { // Not sent: the time was up before its turn.
		return answer, broken(ctx, p.query.route, err, remoteText{})
	}
	return answer, err
}

// answerDespite returns what has come so far if all that is wrong is that the server
// takes no paging parameters: that is an incomplete answer, no failure.
func (p *pager[R]) answerDespite(ctx context.Context, err error, got collected[R]) (collected[R], error) {
	if !isPagingRefusal(err) {
		return got, err
	}
	if got.len() == 0 { // It took them the last time: an older release has been installed.
		if !p.ensure(1) {
			return got, err
		}
		first, err := p.firstPage(ctx)
		if err != nil {
			return got, err
		}
		got.add(first)
	}
	return got, nil
}
