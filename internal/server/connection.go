package server

import (
	"net/http"
	"time"
)

// sendTime is how long, after the end of its scrape, a page may take to reach its
// reader, and the body of a request, which nobody reads, to arrive.
const sendTime = 10 * time.Second

// boundConnection ends what waits for the client at the deadline: a client that does
// not read, or does not send the body that it announced, must not hold a goroutine
// for good. Without a body the only read is the one that notices a client that goes
// away, and that one may wait. A writer that has no deadlines has no such client.
func boundConnection(w http.ResponseWriter, r *http.Request, deadline time.Time) {
	controller := http.NewResponseController(w)
	_ = controller.SetWriteDeadline(deadline)
	if r.ContentLength != 0 {
		_ = controller.SetReadDeadline(deadline)
	}
}
