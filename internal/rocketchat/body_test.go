package rocketchat

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

// answerOf is a 200 of that body.
func answerOf(body io.Reader, encoding string) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Encoding": {encoding}}, Body: io.NopCloser(body)}
}

func compressed(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestABodyOfJustTheLimitIsReadAndNoByteMore(t *testing.T) {
	for length, want := range map[int]error{maxBody: nil, maxBody + 1: errTooLong} {
		text := bytes.Repeat([]byte(" "), length)
		for encoding, sent := range map[string][]byte{"": text, "GZIP": compressed(t, text)} {
			b, err := newBody(answerOf(bytes.NewReader(sent), encoding)) //nolint:bodyclose // It is no connection's.
			if err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, b)
			if !errors.Is(err, want) || want == nil && n != int64(length) || n > maxBody || b.lost() != nil {
				t.Errorf("%q, %d bytes: read %d, error %v, lost %v; want error %v", encoding, length, n, err, b.lost(), want)
			}
		}
	}
}

func TestABoundStaysWhereItIsHoweverOneReads(t *testing.T) {
	for length, want := range map[int]error{99: nil, 100: nil, 101: errTooLong, 300: errTooLong} {
		for name, reader := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "one by one": iotest.OneByteReader,
			"in halves": iotest.HalfReader, "with its end": iotest.DataErrReader,
		} {
			for size := 1; size <= 103; size += 17 {
				bounded := &boundedReader{Reader: reader(strings.NewReader(strings.Repeat("x", length))), left: 100}
				n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, bounded, make([]byte, size))
				if !errors.Is(err, want) || n > 100 || want == nil && n != int64(length) {
					t.Errorf("%d bytes, %s, by %d: read %d, error %v", length, name, size, n, err)
				}
				if _, err = bounded.Read(make([]byte, size)); want != nil && !errors.Is(err, want) {
					t.Errorf("%d bytes, %s, by %d: read on, error %v", length, name, size, err)
				}
			}
		}
	}
}

// A number that stands across the limit must not lose a digit.
func TestNoByteOfAnAnswerIsLeftOut(t *testing.T) {
	const page = `{"departments":[{"_id":"a","abandonedRooms":123}],"total":1,"success":true}`
	const limit = 1000
	for before := limit - len(page) - 2; before < limit; before++ {
		bounded := &boundedReader{Reader: io.MultiReader(strings.NewReader(strings.Repeat(" ", before)), strings.NewReader(page)), left: limit}
		p, err := decodePage(bounded, "abandonedRooms")
		if fits := before+len(page) <= limit; fits != (err == nil) || fits && p.rows[0].count != 123 {
			t.Errorf("%d bytes before it: got %v, error %v", before, p.rows, err)
		}
	}
}

func TestAnAnswerThatTheTransportMissesTheEndOfIsTruncated(t *testing.T) {
	const page = `{"departments":[],"total":0,"success":true}`
	cut := compressed(t, []byte(page))
	type sent struct {
		body     io.Reader
		encoding string
	}
	for name, r := range map[string]sent{
		"shorter than its length": {io.MultiReader(strings.NewReader(page), iotest.ErrReader(io.ErrUnexpectedEOF)), ""},
		"gzip without its check":  {bytes.NewReader(cut[:len(cut)-8]), "gzip"},
		"gzip with a wrong check": {bytes.NewReader(append(cut[:len(cut)-8:len(cut)-8], 1, 2, 3, 4, 5, 6, 7, 8)), "gzip"},
	} {
		b, err := newBody(answerOf(r.body, r.encoding)) //nolint:bodyclose // It is no connection's.
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodePage(b, "abandonedRooms"); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
