package rocketchat

import (
	"bytes"
	"cmp"
	"context"
	"net/url"
	"strconv"
	"time"
)

// NoDepartment is the id under which rooms without a department are counted.
const NoDepartment = "none"

// Counts are the numbers that the server counted in a period.
type Counts struct {
	// Departments are those with at least one room, ordered by ID. Each ID stands once.
	Departments []Count
	// Complete is false if the server has more departments than it handed over.
	Complete bool
}

// Count is the number of one department.
type Count struct {
	// ID is the server's _id in valid UTF-8, or [NoDepartment].
	ID string
	// Rooms is how many rooms there are.
	Rooms int64
}

// countRow is a row of an analytics answer. Each route has one of the two numbers.
type countRow struct {
	ID             string `json:"_id"` // Empty for null.
	AbandonedRooms int64  `json:"abandonedRooms"`
	Rooms          int64  `json:"rooms"`
}

// AbandonedRooms returns how many rooms the visitor abandoned, per department, of those
// that were both opened and closed between start and end. Both bounds are inclusive and
// count in milliseconds. A room is abandoned if somebody other than the visitor closed
// it, an agent had the last word, and the visitor was silent for at least the setting
// Livechat_visitor_inactivity_timeout.
//
// It takes one call, and more if the answer does not fit into one; an answer that the
// server or the budget does not give whole is incomplete. The error is an [*Error], or
// wraps [ErrBudgetSpent] if nothing was sent.
//
// https://developer.rocket.chat/apidocs/get-total-abandoned-chats-by-departments
func (c *Client) AbandonedRooms(ctx context.Context, q Query, start, end time.Time) (Counts, error) {
	return c.count(ctx, TotalAbandonedChats, q, period(start, end), func(r *countRow) int64 { return r.AbandonedRooms })
}

// Rooms returns how many rooms were opened between start and end, per department: those
// in which the visitor does not have the last word (answered), or those in which the
// visitor has. The two together are all. Open and closed rooms count.
//
// The parameter answered is always sent: releases up to 7.5 read its absence as both, and
// later ones as false. Calls and errors are as for [Client.AbandonedRooms].
//
// https://developer.rocket.chat/apidocs/get-number-of-chats
func (c *Client) Rooms(ctx context.Context, q Query, start, end time.Time, answered bool) (Counts, error) {
	values := period(start, end)
	values.Set("answered", strconv.FormatBool(answered))
	return c.count(ctx, AmountOfChats, q, values, func(r *countRow) int64 { return r.Rooms })
}

// period are the parameters of a period. The form has a Z, because the server reads a
// time without a zone in its own.
func period(start, end time.Time) url.Values {
	const form = "2006-01-02T15:04:05.000Z"
	return url.Values{"start": {start.UTC().Format(form)}, "end": {end.UTC().Format(form)}}
}

// count gets the numbers of an analytics route.
func (c *Client) count(ctx context.Context, route *Route, q Query, values url.Values, number func(*countRow) int64) (Counts, error) {
	p := pager{client: c, route: route, query: q, values: values, decode: func(a account, data []byte) ([]row, int64, error) {
		answered, total, err := decodeRows(data, countRow{AbandonedRooms: -1, Rooms: -1})
		if bytes.Count(data, []byte(`"_id"`)) < len(answered) {
			return nil, 0, errBadDepartment // The decoder reads a missing id as null, which is no department.
		}
		rows := make([]row, len(answered))
		for i := range answered {
			switch r, n := &answered[i], number(&answered[i]); {
			case len(r.ID) > maxDepartmentID, n < 0, n > maxCount:
				return nil, 0, errBadDepartment
			case a.appearsIn(r.ID):
				return nil, 0, errCredential
			default:
				rows[i] = row{label: cmp.Or(r.ID, NoDepartment), rooms: n}
			}
		}
		return rows, total, err
	}}
	got, err := p.run(ctx)
	if err != nil {
		return Counts{}, err
	}
	departments := make([]Count, 0, len(got.rows))
	for _, r := range got.rows {
		if last := len(departments) - 1; last >= 0 && departments[last].ID == r.label {
			departments[last].Rooms += r.rooms
		} else {
			departments = append(departments, Count{ID: r.label, Rooms: r.rooms})
		}
	}
	return Counts{Departments: departments, Complete: got.complete()}, nil
}
