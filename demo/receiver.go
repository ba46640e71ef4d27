package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// webhookPath is where the receiver takes webhooks.
const webhookPath = "/livechat"

// The account that may write into the receiver's channels.
const (
	receiverUserID = "nB5tWz8KqLcXy2RfD"
	receiverToken  = "it-opens-nothing-but-the-receiver"
)

// maxNotification bounds what is read of a notification, in bytes.
const maxNotification = 1 << 20

// receiver receives Alertmanager's notifications, as the channels of a Rocket.Chat and as a webhook.
// It prints them.
type receiver struct {
	address string
	server  *http.Server

	mu   sync.Mutex // guards what follows
	out  io.Writer
	held []string // what came before begin
	open bool     // since begin
}

// startReceiver starts a receiver on a free port. It prints nothing before begin.
func startReceiver(ctx context.Context, out io.Writer) (*receiver, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for notifications: %w", err)
	}
	r := &receiver{address: listener.Addr().String(), out: out}
	r.server = &http.Server{Handler: r.handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = r.server.Serve(listener) }() // It ends with close.
	return r, nil
}

// handler takes what Alertmanager sends.
func (r *receiver) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/chat.postMessage", func(w http.ResponseWriter, request *http.Request) {
		if request.Header.Get("X-User-Id") != receiverUserID || request.Header.Get("X-Auth-Token") != receiverToken {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if receive[message](r, w, request) {
			fmt.Fprint(w, `{"success":true}`)
		}
	})
	mux.HandleFunc("POST "+webhookPath, func(w http.ResponseWriter, request *http.Request) {
		receive[webhook](r, w, request)
	})
	return mux
}

// receive reads a notification of a kind and prints it. Anything else is refused.
func receive[N notification](r *receiver, w http.ResponseWriter, request *http.Request) bool {
	var n N
	if err := json.NewDecoder(http.MaxBytesReader(w, request.Body, maxNotification)).Decode(&n); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	r.print(time.Now(), n)
	return true
}

// print prints a notification, or keeps it until begin.
func (r *receiver) print(at time.Time, n notification) {
	line := at.Format(time.TimeOnly) + "  " + n.line()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.open {
		r.held = append(r.held, line)
		return
	}
	fmt.Fprintln(r.out, line)
}

// begin prints what has come, and from then on what comes.
func (r *receiver) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.held {
		fmt.Fprintln(r.out, line)
	}
	r.held, r.open = nil, true
}

// url is what Alertmanager takes for the address of Rocket.Chat.
func (r *receiver) url() string {
	return "http://" + r.address
}

// close ends the receiver at once.
func (r *receiver) close() {
	_ = r.server.Close() // Nothing more is received.
}
