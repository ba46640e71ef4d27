package rocketchattest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// Faults over the transport without sockets, in simulated time.
func TestFaults(t *testing.T) {
	t.Parallel()
	const size = len(noRooms)
	for name, tt := range map[string]struct {
		fault Fault
		body  string
		err   error // Of the call or of reading its body.
		takes time.Duration
	}{
		"no fault":               {nil, noRooms, nil, 0},
		"a redirect":             {Redirect(302, "https://a"), "", nil, 0},
		"HTML":                   {HTML(), webApp, nil, 0},
		"JSON":                   {RespondJSON(418, "{}"), "{}", nil, 0},
		"nested":                 {Nested(3), `{"success":true,"departments":[[[]]]}`, nil, 0},
		"a database error":       {DatabaseError("x"), `{"success":false,"error":"x"}`, nil, 0},
		"endless":                {EndlessBody(81), `{"success":true,"departments":[{"_id":"00000000000000000","abandonedRooms":1},{"_`, nil, 0},
		"an endless string":      {EndlessString(43), `{"success":true,"departments":[{"_id":"xxxx`, nil, 0},
		"slow":                   {Slow(59 * time.Second), noRooms, nil, 59 * time.Second},
		"too slow":               {Slow(time.Hour), "", context.DeadlineExceeded, time.Minute},
		"hanging":                {Hang(), "", context.DeadlineExceeded, time.Minute},
		"dripping":               {Drip(time.Millisecond), noRooms, nil, time.Duration(size) * time.Millisecond},
		"dripping too slowly":    {Drip(25 * time.Second), noRooms[:2], context.DeadlineExceeded, time.Minute},
		"truncated":              {Truncate(20), noRooms[:20], io.ErrUnexpectedEOF, 0},
		"truncated in chunks":    {TruncateChunked(20), noRooms[:20], io.ErrUnexpectedEOF, 0},
		"the last chunk missing": {TruncateChunked(1000), noRooms, io.ErrUnexpectedEOF, 0},
		"closed":                 {CloseConnection(), "", io.EOF, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := New(Latest)
				if tt.fault != nil {
					w.Inject(nil, tt.fault)
				}
				for range 2 { // Each transport is a client of its own.
					transport := w.Transport()
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					begin := time.Now()
					body, err := read(ctx, t, transport)
					if body != tt.body || !errors.Is(err, tt.err) || time.Since(begin) != tt.takes {
						t.Errorf("got %q and %v after %v, want %q and %v after %v", body, err, time.Since(begin), tt.body, tt.err, tt.takes)
					}
					cancel()
					transport.CloseIdleConnections()
				}
				if log := w.Requests(); log[0].Client == log[len(log)-1].Client {
					t.Errorf("two clients have the address %s", log[0].Client)
				}
			})
		})
	}
}

// read sends the account's request and reads the answer.
func read(ctx context.Context, t *testing.T, transport http.RoundTripper) (string, error) {
	t.Helper()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://chat.example.com"+abandonedPath+"?"+day, http.NoBody)
	r.RequestURI = ""
	r.Header.Set("X-User-Id", UserID)
	r.Header.Set("X-Auth-Token", AuthToken)
	response, err := transport.RoundTrip(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}
