package rocketchat

import (
	"net/url"
	"testing"
	"time"
)

// reserving is a client of a server that takes ten calls, and as many calls of two
// questions as a test needs.
func reserving(pages int) (client *Client, questions []*Question) {
	address := &url.URL{Scheme: "http", Host: "chat.example.com"}
	client = New(Options{URL: address, Now: time.Now, Budget: NewBudgets(time.Now).Server("http://chat.example.com:80", Limit{Calls: 10, Per: time.Minute})})
	for range 2 {
		questions = append(questions, &Question{way: inPages, pages: pages, learnedAt: time.Now()})
	}
	return client, questions
}

func TestWhatIsReservedIsGivenBackOnceAndWhole(t *testing.T) {
	for name, tt := range map[string]struct {
		pages, calls int
		further      bool // Whether a question gets a call more than were reserved for it.
	}{
		"what fits": {pages: 4, calls: 8, further: true},
		"more than fits: a call for each, and no more": {pages: 6, calls: 2, further: false},
	} {
		t.Run(name, func(t *testing.T) {
			client, questions := reserving(tt.pages)
			calls, ok := client.Reserve(AmountOfChats, Place{Holder: client}, questions...)
			if !ok || calls != tt.calls {
				t.Fatalf("got %d calls, ok %v; want %d", calls, ok, tt.calls)
			}
			if left, _ := client.CallsLeft(AmountOfChats); left != 10-tt.calls {
				t.Errorf("%d calls are left, want %d", left, 10-tt.calls)
			}
			b := client.options.Budget.route(AmountOfChats)
			if got := questions[0].ensure(b, questions[0].left+1); got != tt.further {
				t.Errorf("got a further call: %v, want %v", got, tt.further)
			}
			client.Release(questions...)
			client.Release(questions...)
			if left, _ := client.CallsLeft(AmountOfChats); left != 10 {
				t.Errorf("%d calls are left when all were given back, want 10", left)
			}
		})
	}
}

// Where the pages take all calls of the limit, none is left to see whether all departments
// come at once by now: the answer stays whole.
func TestPagesThatTakeAllCallsAreStillReservedAfterAnHour(t *testing.T) {
	client, questions := reserving(10)
	questions[0].learnedAt = time.Now().Add(-2 * relearn)
	if calls, ok := client.Reserve(AmountOfChats, Place{Holder: client}, questions[0]); !ok || calls != 10 {
		t.Errorf("got %d calls, ok %v; want 10", calls, ok)
	}
	if got := questions[0].recall(time.Now()); got != inPages {
		t.Errorf("begins with way %d, want pages (%d)", got, inPages)
	}
}
