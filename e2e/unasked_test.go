package e2e

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// What a workspace sends after its answer, unasked, is nowhere: it can be the request
// with its token, which Go's own HTTP client would print.
func TestWhatIsSentUnaskedIsNotLogged(t *testing.T) {
	t.Parallel()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	scraped, closed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(closed)
		if err := answerAndRepeat(listener, scraped); err != nil {
			t.Error(err)
		}
	}()
	e := startExporter(t, fmt.Sprintf("workspaces: {main: {url: 'http://%s', user_id: %s, auth_token: %s}}\nwindows: [24h]\n"+abandonedRoomsAlone,
		listener.Addr(), rocketchattest.UserID, rocketchattest.AuthToken), "--log.level=debug")
	page := parsePage(t, e.page(t))
	if page["livechat_up"] != 1 {
		t.Errorf("the answer was not taken: livechat_up is %v", page["livechat_up"])
	}
	close(scraped)
	within(t, "the end of the connection", closed)
	e.signal(t, syscall.SIGTERM)
	e.wantExit(t, 0) // All that it printed is there.
	for _, unwanted := range []string{rocketchattest.AuthToken, "Unsolicited response"} {
		if log := e.stderr.String() + e.stdout.String(); strings.Contains(log, unwanted) {
			t.Errorf("%q is in the log: %s", unwanted, log)
		}
	}
}

// answerAndRepeat answers one request well, keeps the connection, and then sends what
// it got. It returns when the client has closed the connection.
func answerAndRepeat(listener net.Listener, repeat <-chan struct{}) error {
	connection, err := listener.Accept()
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }()
	var got bytes.Buffer
	if _, err = http.ReadRequest(bufio.NewReader(io.TeeReader(connection, &got))); err != nil {
		return err
	}
	if !strings.Contains(got.String(), rocketchattest.AuthToken) {
		return errors.New("the request has no token: this test shows nothing")
	}
	const body = `{"departments":[],"total":0,"success":true}`
	if _, err = fmt.Fprintf(connection, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		return err
	}
	<-repeat
	if _, err = fmt.Fprintf(connection, "HTTP/1.1 400 Bad\r\n%s", &got); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, connection)
	return err
}
