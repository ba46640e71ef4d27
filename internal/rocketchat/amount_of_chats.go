package rocketchat

import (
	"context"
	"io"
	"strconv"
	"time"
)

// Rooms asks how many rooms were opened between start and end, per department: those
// that an agent has answered, or those whose visitor still waits for an answer. The two
// together are all. Both bounds are inclusive and count in milliseconds, and it does not
// matter when a room was closed, or whether it was.
//
// The parameter answered is always sent: without it releases up to 7.5 count all rooms,
// and later ones those that were not answered.
//
// Calls, answer and error are like those of [Client.AbandonedRooms].
//
// https://developer.rocket.chat/apidocs/get-number-of-chats
func (c *Client) Rooms(ctx context.Context, start, end time.Time, answered bool, question *Question) (Answer, error) {
	values := periodValues(start, end)
	values.Set("answered", strconv.FormatBool(answered))
	return c.count(ctx, question, query[countedRow]{
		route:  amountOfChats,
		values: values,
		decode: func(r io.Reader) (page[countedRow], error) { return decodePage(r, "rooms") },
	})
}
