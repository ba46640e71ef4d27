package server

import (
	"bufio"
	"net/http"
	"sync"
)

// pageBuffer is how much of a page is sent at once.
const pageBuffer = 32 << 10

// pageWriter gathers what is written of a page, which comes in small pieces: the
// encoder writes to it directly, and the connection is written to seldom.
type pageWriter struct {
	*bufio.Writer

	response http.ResponseWriter
}

// pageWriters make page writers, of buffers that are used again. They are safe for
// concurrent use.
type pageWriters struct {
	buffers sync.Pool
}

// begin returns a writer of a page, which has to be ended.
func (p *pageWriters) begin(w http.ResponseWriter) *pageWriter {
	buffer, ok := p.buffers.Get().(*bufio.Writer)
	if !ok {
		buffer = bufio.NewWriterSize(nil, pageBuffer)
	}
	buffer.Reset(w)
	return &pageWriter{Writer: buffer, response: w}
}

// end sends what is left of the page. The writer must not be used after it.
func (p *pageWriters) end(w *pageWriter) error {
	err := w.Flush()
	w.Reset(nil)
	p.buffers.Put(w.Writer)
	return err //nolint:wrapcheck // The connection's.
}

// Header implements http.ResponseWriter.
func (w *pageWriter) Header() http.Header { return w.response.Header() }

// WriteHeader implements http.ResponseWriter.
func (w *pageWriter) WriteHeader(status int) { w.response.WriteHeader(status) }
