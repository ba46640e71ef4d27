package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// receiver is what Alertmanager tells: Rocket.Chat's chat.postMessage and a webhook on
// one socket. It keeps what it was told.
type receiver struct {
	*httptest.Server

	mu       sync.Mutex
	messages []message
	webhooks []webhook
}

// message is what was written into a channel.
type message struct {
	Channel     string
	Attachments []attachment
}

type attachment struct {
	Title     string
	TitleLink string `json:"title_link"`
	Text      string
	Color     string
}

// webhook is the body of Alertmanager's webhook.
type webhook struct {
	Receiver    string
	Status      string
	GroupLabels map[string]string
	Alerts      []struct {
		Status      string
		Labels      map[string]string
		Annotations map[string]string
	}
}

// The account that may write into the receiver's channels.
const (
	receiverUserID = "aLeRtMaNaGeR"
	receiverToken  = "r3c31v3r-r3c31v3r-r3c31v3r-r3c31v3r"
)

func startReceiver(t *testing.T) *receiver {
	t.Helper()
	r := new(receiver)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/chat.postMessage", func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("X-User-Id") != receiverUserID || req.Header.Get("X-Auth-Token") != receiverToken {
			t.Errorf("a message without the account's credentials: %v", req.Header)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var m message
		if err := json.NewDecoder(req.Body).Decode(&m); err != nil || len(m.Attachments) != 1 {
			t.Errorf("message: %+v, error %v", m, err)
		}
		r.mu.Lock()
		r.messages = append(r.messages, m)
		r.mu.Unlock()
		fmt.Fprint(w, `{"success":true}`)
	})
	mux.HandleFunc("POST /webhook", func(_ http.ResponseWriter, req *http.Request) {
		var h webhook
		if err := json.NewDecoder(req.Body).Decode(&h); err != nil {
			t.Errorf("webhook: %v", err)
		}
		r.mu.Lock()
		r.webhooks = append(r.webhooks, h)
		r.mu.Unlock()
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, req *http.Request) {
		t.Errorf("Alertmanager asked for %s %s", req.Method, req.URL)
		w.WriteHeader(http.StatusNotFound)
	})
	r.Server = httptest.NewServer(mux)
	t.Cleanup(r.Close)
	return r
}

// messagesIn are the attachments that were written into a channel so far.
func (r *receiver) messagesIn(channel string) []attachment {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []attachment
	for _, m := range r.messages {
		if m.Channel == channel {
			found = append(found, m.Attachments...)
		}
	}
	return found
}

// webhooksOf are the calls of the webhook about an alert so far.
func (r *receiver) webhooksOf(alert string) []webhook {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.webhooks), func(h webhook) bool { return h.GroupLabels["alertname"] != alert })
}

// told says how often Alertmanager told something.
func (r *receiver) told() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.messages) + len(r.webhooks)
}
