package rocketchat

import (
	"context"
	"io"
	"time"
)

// AbandonedRooms asks how many rooms the visitor abandoned, per department, of
// those that were both opened and closed between start and end. Both bounds are
// inclusive and count in milliseconds. A room is abandoned if somebody other than
// the visitor closed it, an agent had the last word, and the visitor was silent
// for at least the setting Livechat_visitor_inactivity_timeout.
//
// It needs one call, and more if the answer does not fit into one; the question
// remembers how many. An answer that cannot be had whole is not an error: it says that
// it is incomplete. The error is an [*Error], or wraps [ErrNoCredentials] or
// [ErrBudgetSpent] if nothing was sent.
//
// https://developer.rocket.chat/apidocs/get-total-abandoned-chats-by-departments
func (c *Client) AbandonedRooms(ctx context.Context, start, end time.Time, question *Question) (Answer, error) {
	return c.count(ctx, question, query[countedRow]{
		route:  totalAbandonedChats,
		values: periodValues(start, end),
		decode: func(r io.Reader) (page[countedRow], error) { return decodePage(r, "abandonedRooms") },
	})
}

// count asks an analytics route for numbers.
func (c *Client) count(ctx context.Context, question *Question, q query[countedRow]) (Answer, error) {
	p := pager[countedRow]{client: c, question: question, support: &c.analyticsPaging, query: q}
	got, err := p.answer(ctx)
	if err != nil {
		return Answer{}, err
	}
	return counted(got), nil
}
