package rocketchattest

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// client is a client of the workspace inside the process, closed with the test.
func client(t *testing.T, w *Workspace) *http.Client {
	t.Helper()
	transport := w.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// send sends a request of the account for the day that ends at now.
func send(ctx context.Context, t *testing.T, c *http.Client) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://chat.example.com"+abandonedPath+"?"+day, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-User-Id", UserID)
	r.Header.Set("X-Auth-Token", AuthToken)
	return c.Do(r)
}

func TestTransportReachesTheWorkspaceWithoutASocket(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	addDepartments(w, 1)
	c := client(t, w)
	for range 3 { // on one connection
		response, err := send(t.Context(), t, c)
		if err != nil {
			t.Fatal(err)
		}
		got := read(t, response)
		want := `{"departments":[{"_id":"d00","abandonedRooms":1}],"count":1,"offset":0,"total":1,"success":true}`
		if got.status != http.StatusOK || got.body != want {
			t.Errorf("answer = %d %s, want 200 %s", got.status, got.body, want)
		}
	}
}

func TestEachTransportIsAClientOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	seen := make(map[string]bool)
	for range 300 {
		response, err := send(t.Context(), t, client(t, w))
		if err != nil {
			t.Fatal(err)
		}
		read(t, response)
	}
	for _, r := range w.Requests() {
		seen[r.Client] = true
	}
	if len(seen) != 300 {
		t.Errorf("300 clients have %d addresses", len(seen))
	}
}

func TestALimiterWindowPassesInSimulatedTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := New(Latest)
		c := client(t, w)
		call := func() reply {
			response, err := send(t.Context(), t, c)
			if err != nil {
				t.Fatal(err)
			}
			return read(t, response)
		}
		for range 10 {
			if got := call(); got.status != http.StatusOK {
				t.Fatalf("status = %d, want 200", got.status)
			}
		}
		refused := call()
		if refused.status != http.StatusTooManyRequests {
			t.Fatalf("status of the eleventh call = %d, want 429", refused.status)
		}
		if got, want := refused.header.Get("Date"), time.Now().UTC().Format(http.TimeFormat); got != want {
			t.Errorf("Date = %q, want %q", got, want)
		}
		reset, err := strconv.ParseInt(refused.header.Get("X-RateLimit-Reset"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(time.UnixMilli(reset)))
		if got := call(); got.status != http.StatusTooManyRequests {
			t.Errorf("status at the window's last millisecond = %d, want 429", got.status)
		}
		time.Sleep(time.Millisecond)
		if got := call(); got.status != http.StatusOK || got.header.Get("X-RateLimit-Remaining") != "9" {
			t.Errorf("answer after the window = %d with %s left, want 200 with 9", got.status, got.header.Get("X-RateLimit-Remaining"))
		}
	})
}

func TestASlowServerCanBeLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := New(Latest)
		w.Inject(nil, Slow(10*time.Second))
		c := client(t, w)

		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
		defer cancel()
		response, err := send(ctx, t, c)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v, want %v", err, context.DeadlineExceeded)
			response.Body.Close()
		}
		if got := time.Since(began); got != 9*time.Second {
			t.Errorf("gave up after %s, want 9s", got)
		}

		began = time.Now()
		if response, err = send(t.Context(), t, c); err != nil {
			t.Fatal(err)
		}
		if got := read(t, response); got.status != http.StatusOK || time.Since(began) != 10*time.Second {
			t.Errorf("answer = %d after %s, want 200 after 10s", got.status, time.Since(began))
		}
		synctest.Wait()
		if got := w.Requests(); len(got) != 2 || got[0].Status != 0 || got[1].Status != http.StatusOK {
			t.Errorf("requests = %+v, want one without an answer and one with 200", got)
		}
	})
}

func TestAHangingServerNeverAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := New(Latest)
		w.Inject(nil, Hang())
		ctx, cancel := context.WithTimeout(t.Context(), 1000*time.Hour)
		defer cancel()
		response, err := send(ctx, t, client(t, w))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v, want %v", err, context.DeadlineExceeded)
			response.Body.Close()
		}
	})
}

func TestADrippingServerSendsByteByByte(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := New(Latest)
		w.Inject(nil, Drip(time.Second))
		began := time.Now()
		response, err := send(t.Context(), t, client(t, w))
		if err != nil {
			t.Fatal(err)
		}
		if got := time.Since(began); got != 0 {
			t.Errorf("the headers took %s, want none", got)
		}
		got := read(t, response)
		if want := time.Duration(len(noRooms)) * time.Second; got.body != noRooms || time.Since(began) != want {
			t.Errorf("body = %s after %s, want %s after %s", got.body, time.Since(began), noRooms, want)
		}
	})
}

func TestADrippingServerStopsWhenTheClientGoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := New(Latest)
		w.Inject(nil, Drip(time.Hour))
		ctx, cancel := context.WithCancel(t.Context())
		response, err := send(ctx, t, client(t, w))
		if err != nil {
			t.Fatal(err)
		}
		if n, err := response.Body.Read(make([]byte, 100)); n != 1 || err != nil {
			t.Errorf("read %d bytes, %v, want one", n, err)
		}
		began := time.Now()
		cancel()
		response.Body.Close()
		synctest.Wait() // The bubble ends only if the handler has.
		if got := time.Since(began); got != 0 {
			t.Errorf("the server went on for %s", got)
		}
	})
}
