package rocketchat

import (
	"context"
	"encoding/json"
	"net/url"
)

// Agents are how many agents of the workspace have each status.
type Agents struct {
	// Available agents are online and accept chats; Busy and Away are those with that
	// presence who accept chats. All others are Offline.
	Available int64 `json:"available"`
	Busy      int64 `json:"busy"`
	Away      int64 `json:"away"`
	Offline   int64 `json:"offline"`
}

// liveAnswer is the answer of a route that counts what is now. Each route has a part of
// the numbers.
type liveAnswer struct {
	Agents

	Total   int64 `json:"total"`
	Success bool  `json:"success"`
}

// ChatsWaiting returns how many chats are in the queue now. The call asks for a page far
// past the end, because the documents hold the visitors' names; the total is the same.
// Errors are as for [Client.AbandonedRooms].
//
// https://developer.rocket.chat/apidocs/get-list-of-inquiries
func (c *Client) ChatsWaiting(ctx context.Context, q Query) (int64, error) {
	const pastTheEnd = 1_000_000_000
	answer, err := c.live(ctx, q, Inquiries, paging(pastTheEnd, 1), liveAnswer{Total: -1})
	return answer.Total, err
}

// Agents returns how many agents have each status now. A status that the server leaves
// out has none. Errors are as for [Client.AbandonedRooms].
//
// https://developer.rocket.chat/apidocs/get-agents-status
func (c *Client) Agents(ctx context.Context, q Query) (Agents, error) {
	answer, err := c.live(ctx, q, AgentsStatus, nil, liveAnswer{})
	return answer.Agents, err
}

// live gets an answer of one call, which begins as absent: what the server leaves out.
func (c *Client) live(ctx context.Context, q Query, route *Route, values url.Values, absent liveAnswer) (answer liveAnswer, err error) {
	if q.Calls == nil {
		if q.Calls, err = c.one(route); err != nil {
			return answer, err
		}
		defer q.Calls.Release()
	}
	err = c.get(ctx, q.Calls, route, values, func(_ account, data []byte) error {
		answer = absent
		if failed := json.Unmarshal(data, &answer); failed != nil {
			return failed
		}
		switch a := answer.Agents; {
		case !answer.Success:
			return errNoSuccess
		case min(answer.Total, a.Available, a.Busy, a.Away, a.Offline) < 0, max(answer.Total, a.Available, a.Busy, a.Away, a.Offline) > maxCount:
			return errBadNumber
		}
		return nil
	})
	return answer, err
}
