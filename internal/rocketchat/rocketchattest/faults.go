package rocketchattest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Slow lets the server answer after d.
func Slow(d time.Duration) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if wait(r.Context(), d) {
			next.ServeHTTP(w, r)
			return
		}
		abort()
	}
}

// Hang never answers: it ends when the client goes.
func Hang() Fault {
	return func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		<-r.Context().Done()
		abort()
	}
}

// Drip sends the server's answer byte by byte, with a pause before each.
func Drip(pause time.Duration) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		a := recorded(next, r)
		a.begin(w)
		for i := range a.body {
			flush(w)
			if !wait(r.Context(), pause) {
				abort()
			}
			if _, err := w.Write(a.body[i : i+1]); err != nil {
				abort()
			}
		}
	}
}

// Truncate sends the server's answer with its Content-Length, and closes the
// connection after the first n bytes of the body.
func Truncate(n int) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		a := recorded(next, r)
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
		a.cutShort(w, n)
	}
}

// TruncateChunked does what Truncate does to an answer in chunks, whose length
// nobody knows beforehand: the chunk that ends it never comes.
func TruncateChunked(n int) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		a := recorded(next, r)
		a.header.Del("Content-Length")
		a.cutShort(w, n)
	}
}

// CloseConnection closes the connection without an answer. A client that sent its
// request on a connection it had used before may send it again by itself.
func CloseConnection() Fault {
	return func(http.ResponseWriter, *http.Request, http.Handler) {
		abort()
	}
}

// Respond answers with any status, content type and body, and no other header.
func Respond(status int, contentType, body string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // A client that has gone needs no answer.
	}
}

// RespondJSON answers with a JSON body.
func RespondJSON(status int, body string) Fault {
	return Respond(status, contentJSON, body)
}

// WithHeader adds a header to what a fault answers.
func WithHeader(name, value string, f Fault) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		w.Header().Set(name, value)
		f(w, r, next)
	}
}

var oddFields = regexp.MustCompile(`"(numAgents|enabled)":[0-9a-z]+`)

// OddFields answers with optional fields of departments that have wrong types: the server
// checks none of them when it stores a department.
func OddFields() Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		r.Header.Del("Accept-Encoding")
		a := recorded(next, r)
		a.header.Del("Content-Length")
		a.begin(w)
		_, _ = w.Write(oddFields.ReplaceAll(a.body, []byte(`"$1":-1`))) // A client that has gone needs no answer.
	}
}

// Redirect answers with a redirect to a URL, which may lead anywhere.
func Redirect(status int, url string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Location", url)
		w.WriteHeader(status)
	}
}

// Blank answers 200 and an empty page.
func Blank() Fault {
	return Respond(http.StatusOK, contentHTML, "")
}

// HTML answers 200 and the page of the web app, as the server does where no route
// is.
func HTML() Fault {
	return Respond(http.StatusOK, contentHTML, webApp)
}

// BadGateway answers as a proxy whose server is not there.
func BadGateway() Fault {
	return proxyPage(http.StatusBadGateway, "502 Bad Gateway")
}

// ServiceUnavailable answers as a proxy whose server is starting up.
func ServiceUnavailable() Fault {
	return proxyPage(http.StatusServiceUnavailable, "503 Service Temporarily Unavailable")
}

func proxyPage(status int, title string) Fault {
	return Respond(status, "text/html", fmt.Sprintf("<html>\r\n<head><title>%[1]s</title></head>\r\n"+
		"<body>\r\n<center><h1>%[1]s</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n", title))
}

// DatabaseError lets the server's database fail with a message. Where the server
// would have answered 200 it answers 400, as if the client had made a mistake, but
// without an errorType.
func DatabaseError(message string) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		a := recorded(next, r)
		if a.status == http.StatusOK {
			e := failed(http.StatusBadRequest, message, "")
			a.status, a.body = e.status, e.body
			a.header.Del("Content-Encoding")
			a.header.Set("Content-Length", strconv.Itoa(len(a.body)))
		}
		a.begin(w)
		_, _ = w.Write(a.body) // A client that has gone needs no answer.
	}
}

// EndlessBody answers 200 and departments, each with an id of its own, for n
// bytes: JSON that does not end. It holds none of them.
func EndlessBody(n int64) Fault {
	return stream(n, `{"success":true,"departments":[`, func(i int) string {
		return fmt.Sprintf(`{"_id":"%017d","abandonedRooms":1},`, i)
	})
}

// EndlessString answers 200 and a department whose id does not end for n bytes.
// It holds none of them.
func EndlessString(n int64) Fault {
	block := strings.Repeat("x", 4096)
	return stream(n, `{"success":true,"departments":[{"_id":"`, func(int) string { return block })
}

// Nested answers 200 and opens so many brackets where the departments should
// stand.
func Nested(depth int) Fault {
	return RespondJSON(http.StatusOK, `{"success":true,"departments":`+strings.Repeat("[", depth)+strings.Repeat("]", depth)+`}`)
}

// stream sends a beginning and then parts until n bytes are sent or the client
// has gone.
func stream(n int64, beginning string, part func(i int) string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentJSON)
		w.WriteHeader(http.StatusOK)
		out := bufio.NewWriterSize(w, 1<<16) // One write for each part would take most of the time.
		left := n
		for i, piece := 0, beginning; left > 0; i, piece = i+1, part(i) {
			piece = piece[:min(int64(len(piece)), left)]
			if _, err := out.WriteString(piece); err != nil {
				abort()
			}
			left -= int64(len(piece))
		}
		if err := out.Flush(); err != nil {
			abort()
		}
	}
}

// wait pauses for d, and reports whether the client still waits.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// abort closes the connection, whatever has been sent on it.
func abort() {
	panic(http.ErrAbortHandler)
}

// flush sends what has been written so far. A writer that cannot flush is not a
// connection, and keeps all of it for its reader anyway.
func flush(w http.ResponseWriter) {
	_ = http.NewResponseController(w).Flush()
}

// recording is an answer kept back.
type recording struct {
	status int
	header http.Header
	body   []byte
}

// recorded lets a handler answer into a recording.
func recorded(h http.Handler, r *http.Request) *recording {
	rec := &recording{status: http.StatusOK, header: make(http.Header)}
	var body bytes.Buffer
	h.ServeHTTP(&recorder{recording: rec, body: &body}, r)
	rec.body = body.Bytes()
	return rec
}

// begin sends the headers.
func (a *recording) begin(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
}

// cutShort sends the headers and the first n bytes, and closes the connection.
func (a *recording) cutShort(w http.ResponseWriter, n int) {
	a.begin(w)
	_, _ = w.Write(a.body[:min(n, len(a.body))])
	flush(w)
	abort()
}

type recorder struct {
	*recording
	body *bytes.Buffer
}

// Header is the header being recorded.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader records the status.
func (r *recorder) WriteHeader(status int) { r.status = status }

// Write records a part of the body.
func (r *recorder) Write(b []byte) (int, error) {
	return r.body.Write(b)
}
