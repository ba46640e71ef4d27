package server

import (
	"bufio"
	"net/http"
)

// pageBuffer is how much of a page is sent at once.
const pageBuffer = 32 << 10

// pageWriter gathers what is written of a page, which comes in small pieces: the
// encoder writes to it directly, and the connection is written to seldom.
type pageWriter struct {
	*bufio.Writer

	response http.ResponseWriter
}

func newPageWriter(w http.ResponseWriter) *pageWriter {
	return &pageWriter{Writer: bufio.NewWriterSize(w, pageBuffer), response: w}
}

// Header implements http.ResponseWriter.
func (w *pageWriter) Header() http.Header { return w.response.Header() }

// WriteHeader implements http.ResponseWriter.
func (w *pageWriter) WriteHeader(status int) { w.response.WriteHeader(status) }
