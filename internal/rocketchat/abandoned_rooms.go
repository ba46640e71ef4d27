package rocketchat

import (
	"context"
	"time"
)

// AbandonedRooms asks how many rooms the visitor abandoned, per department, of
// those that were both opened and closed between start and end. Both bounds are
// inclusive and count in milliseconds. A room is abandoned if somebody other than
// the visitor closed it, an agent had the last word, and the visitor was silent
// for at least the setting Livechat_visitor_inactivity_timeout.
//
// It needs one call, and more if the answer does not fit into one; paging
// remembers which, and belongs to one series of questions, such as one window. An
// answer that cannot be had whole is not an error: it says that it is incomplete.
// The error is an [*Error], or wraps [ErrNoCredentials] if nothing was sent.
//
// https://developer.rocket.chat/apidocs/get-total-abandoned-chats-by-departments
func (c *Client) AbandonedRooms(ctx context.Context, start, end time.Time, paging *Paging) (Answer, error) {
	q := query{route: totalAbandonedChats, field: "abandonedRooms", start: start, end: end}
	return c.departments(ctx, q, paging)
}
