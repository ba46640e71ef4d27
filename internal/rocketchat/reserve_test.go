package rocketchat_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// abandonedRoute is the route of the questions in these tests.
const abandonedRoute = "total-abandoned-chats"

// limited has a client keep to so many calls a minute.
func limited(calls int) func(*rocketchat.Options) {
	return func(o *rocketchat.Options) {
		o.Budget = rocketchat.NewBudgets(time.Now).Server("http://chat.example.com:80", rocketchat.Limit{Calls: calls, Per: time.Minute})
	}
}

// reserve takes the calls of a question, and returns how many those are.
func reserve(t *testing.T, client *rocketchat.Client, question *rocketchat.Question) (calls int) {
	t.Helper()
	calls, ok := client.Reserve(abandonedRoute, rocketchat.Place{Holder: question}, question)
	if !ok {
		t.Fatalf("%d calls were not to be had", calls)
	}
	return calls
}

// The server's window begins when it sees the call, which is at any moment until its
// answer is here.
func TestACallCountsFromTheEndOfItsAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws := rocketchattest.New(rocketchattest.Latest)
		ws.Inject(nil, rocketchattest.Slow(20*time.Second))
		client, _ := connect(t, ws, limited(1))
		if _, err := lastDay(t.Context(), client, new(rocketchat.Question)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if _, err := lastDay(t.Context(), client, new(rocketchat.Question)); !errors.Is(err, rocketchat.ErrBudgetSpent) {
			t.Errorf("a minute after the answer: got %v, want ErrBudgetSpent", err)
		}
		time.Sleep(time.Millisecond)
		if _, err := lastDay(t.Context(), client, new(rocketchat.Question)); err != nil {
			t.Errorf("a millisecond later: %v", err)
		}
	})
}

func TestWhatAnAnswerDidNotNeedIsGivenBack(t *testing.T) {
	client, _ := connect(t, rocketchattest.New(rocketchattest.Latest), limited(2))
	question := new(rocketchat.Question)
	for range 5 { // Each is reserved and not asked.
		reserve(t, client, question)
		client.Release(question)
		client.Release(question) // Again, which gives nothing back.
	}
	if left, _ := client.CallsLeft(abandonedRoute); left != 2 {
		t.Errorf("%d calls are left, want both", left)
	}
}

func TestThePagesOfTheLastAnswerAreReservedTogether(t *testing.T) {
	ws, _ := withDepartments(rocketchattest.Latest, 250)
	ws.Configure(func(s *rocketchattest.Settings) {
		s.AllowInfiniteCount, s.RateLimit.Calls = false, 0
		s.Shuffle = func(int, func(i, j int)) {}
	})
	client, _ := connect(t, ws, limited(20))
	question := new(rocketchat.Question)
	for _, want := range []int{1, 3, 3} { // The first does not know of pages.
		if got := reserve(t, client, question); got != want {
			t.Errorf("%d calls were reserved, want %d", got, want)
		}
		answer, err := lastDay(t.Context(), client, question)
		if err != nil || !answer.Complete {
			t.Fatalf("got complete %v, error %v", answer.Complete, err)
		}
		client.Release(question)
	}
}
