package e2e

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// grace is how long the exporter waits for a scrape after a signal, and for a client
// that is slow to ask or to read.
const grace = 10 * time.Second

// startHanging starts an exporter, and a scrape of it that hangs for minutes because
// the workspace does. ended is closed when the scrape is over.
func startHanging(t *testing.T) (e *exporter, ended <-chan struct{}) {
	t.Helper()
	w := startWorkspace(t, rocketchattest.Latest)
	w.Inject(nil, rocketchattest.Hang())
	e = startExporter(t, config(t, w, "24h")+"timeout: 5m\n")
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, "http://"+e.address+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "300")
	over := make(chan struct{})
	go func() {
		defer close(over)
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
		}
	}()
	eventually(t, "the call of the scrape", func() error {
		if len(w.Requests()) == 0 {
			return errors.New("none yet")
		}
		return nil
	})
	return e, over
}

func TestASecondSignalEndsTheExporterAtOnce(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			e, scraped := startHanging(t)
			begin := time.Now()
			e.signal(t, signal)
			eventually(t, "the first signal has its effect", func() error { return refusesConnections(t, e.address) })
			eventually(t, "the end", func() error {
				select {
				case <-e.exited:
					return nil
				default:
					e.signal(t, signal)
					return errors.New("it runs")
				}
			})
			if took := time.Since(begin); took > grace-time.Second {
				t.Errorf("it took %v, want no wait for the scrape", took)
			}
			status, ok := e.cmd.ProcessState.Sys().(syscall.WaitStatus)
			if !ok || !status.Signaled() || status.Signal() != signal {
				t.Errorf("it ended with %v, want by the signal", e.cmd.ProcessState)
			}
			within(t, "the end of the scrape", scraped)
		})
	}
}

func TestAHangingScrapeDoesNotKeepTheExporter(t *testing.T) {
	t.Parallel()
	e, scraped := startHanging(t)
	begin := time.Now()
	e.signal(t, syscall.SIGTERM)
	e.wantExit(t, 0)
	if took := time.Since(begin); took < grace-time.Second || took > 2*grace {
		t.Errorf("it took %v to end, want about %v", took, grace)
	}
	if lines := e.lines("level=warn.*Stopped before every page was served"); len(lines) != 1 {
		t.Errorf("no line says that a page was given up: %s", e.stderr.String())
	}
	within(t, "the end of the scrape", scraped)
}

// A client that leaves the exporter waiting, on any page and before any password, is
// left after ten seconds.
func TestAClientThatKeepsTheExporterWaitingIsLeft(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	e := startExporter(t, config(t, w, "24h"))
	locked := startExporter(t, config(t, w, "24h"),
		"--web.config.file="+writeFile(t, "web.yml", "basic_auth_users: {"+webUser+": "+webHash+"}\n"))
	const unfinished = " HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
	var clients sync.WaitGroup // All in one test: each takes ten seconds.
	for name, test := range map[string]struct {
		exporter *exporter
		request  string
		reads    bool
	}{
		"never ends its header":            {e, "GET / HTTP/1.1\r\nHost: x\r\n", true},
		"never sends its body":             {e, "GET /-/healthy" + unfinished, true},
		"never sends its body or password": {locked, "GET /metrics" + unfinished, true},
		"never reads":                      {e, strings.Repeat("GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n", 1000), false},
	} {
		clients.Go(func() {
			begin := time.Now()
			err := keepWaiting(t.Context(), test.exporter.address, test.request, test.reads)
			if took := time.Since(begin); errors.Is(err, os.ErrDeadlineExceeded) || took < grace-time.Second {
				t.Errorf("%s: it ended with %v after %v, want the exporter to close it after %v", name, err, took, grace)
			}
		})
	}
	clients.Wait()
}

// keepWaiting sends a request, once and then reads, or for as long as it is taken. It
// returns when the connection ends, or after some patience with
// [os.ErrDeadlineExceeded].
func keepWaiting(ctx context.Context, address, request string, reads bool) error {
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }()
	err = connection.SetDeadline(time.Now().Add(patience))
	if err != nil {
		return err
	}
	_, err = io.WriteString(connection, request)
	if reads && err == nil {
		_, err = io.Copy(io.Discard, connection)
	}
	for !reads && err == nil {
		_, err = io.WriteString(connection, request)
	}
	return err
}

// A workspace that takes longer to answer than a client may take to ask or to read:
// those limits do not end a scrape that has the time.
func TestASlowWorkspaceIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	w.AddRooms(history(14, time.Now(), departments(3))...)
	w.Inject(nil, rocketchattest.Slow(grace+time.Second))
	e := startExporter(t, config(t, w, "24h"))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+e.address+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "60")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(page), "\nlivechat_up 1\n") || !strings.Contains(string(page), "\nlivechat_department_abandoned_rooms{") {
		t.Errorf("got status %d, error %v and\n%s", resp.StatusCode, err, page)
	}
}
