package rocketchat

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxBody bounds an answer as sent and as decompressed, in bytes. A row is
// about 55 bytes, so 20,000 departments need a little over 1 MiB.
const maxBody = 16 << 20

var errTooLong = fmt.Errorf("the answer is longer than %d MiB", maxBody>>20)

// body reads an answer and keeps apart whether the connection failed or what
// came over it is wrong.
type body struct {
	io.Reader

	sent *watchedReader
}

// newBody returns a reader of the answer's body, decompressed and bounded. A body that
// is not compressed as it says reads as empty: the status may tell more than that.
func newBody(resp *http.Response) (*body, error) {
	b := &body{sent: &watchedReader{Reader: &boundedReader{Reader: resp.Body, left: maxBody}}}
	b.Reader = b.sent
	if resp.StatusCode == http.StatusSwitchingProtocols {
		b.Reader = http.NoBody // What follows is no answer, and may never end.
		return b, nil
	}
	encoding := resp.Header.Get("Content-Encoding")
	if strings.EqualFold(encoding, "gzip") || strings.EqualFold(encoding, "x-gzip") {
		decompressed, err := gzip.NewReader(b.sent)
		if err != nil {
			b.Reader = http.NoBody
			return b, fmt.Errorf("the answer is not gzip as it says: %w", err)
		}
		b.Reader = &boundedReader{Reader: decompressed, left: maxBody}
	}
	return b, nil
}

// lost is the error that ended the connection, nil if the body ended by itself
// or was cut short in good order.
func (b *body) lost() error {
	switch err := b.sent.err; {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, errTooLong):
		return nil
	default:
		return err
	}
}

// watchedReader remembers the error that ended it.
type watchedReader struct {
	io.Reader

	err error
}

func (r *watchedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil {
		r.err = err
	}
	return n, err //nolint:wrapcheck // A reader's error must stay io.EOF.
}

// boundedReader fails with errTooLong instead of handing over more than left
// bytes.
type boundedReader struct {
	io.Reader

	left int64
}

func (r *boundedReader) Read(p []byte) (int, error) {
	if r.left < 0 {
		return 0, errTooLong
	}
	// One byte more than allowed tells an answer of just that length from a
	// longer one.
	if int64(len(p)) > r.left+1 {
		p = p[:r.left+1]
	}
	n, err := r.Reader.Read(p)
	if int64(n) > r.left {
		r.left = -1
		return 0, errTooLong
	}
	r.left -= int64(n)
	return n, err //nolint:wrapcheck // A reader's error must stay io.EOF.
}
