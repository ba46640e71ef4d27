package rocketchattest

import (
	"net/http"
	"time"
)

// statusWriter notes the status of an answer and dates it by the server's clock.
type statusWriter struct {
	http.ResponseWriter
	now      func() time.Time
	answered func(status int)
	wrote    bool
}

// WriteHeader sends the headers.
func (w *statusWriter) WriteHeader(status int) {
	if !w.wrote {
		w.wrote = true
		if w.Header().Get("Date") == "" {
			w.Header().Set("Date", w.now().UTC().Format(http.TimeFormat))
		}
		w.answered(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body.
func (w *statusWriter) Write(b []byte) (int, error) {
	if !w.wrote {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets an [http.ResponseController] find the connection's own writer.
func (w *statusWriter) Unwrap() http.ResponseWriter {
	return w.ResponseWriter
}

// finish answers 200 where a handler wrote nothing, as a web server would.
func (w *statusWriter) finish() {
	if !w.wrote {
		w.WriteHeader(http.StatusOK)
	}
}
