package main

import (
	"context"
	"net/http"
	"regexp"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

func TestWorkspaceOnlyRunsNoExporter(t *testing.T) {
	t.Parallel()
	var building builder // which would panic
	var stdout, stderr output
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"--workspace-only", "--seed=5", "--workspace.listen-address=127.0.0.1:0"}, building, &stdout, &stderr)
	}()
	told := regexp.MustCompile(`^\nRocket\.Chat, simulated   (http://127\.0\.0\.1:\d+)   \(9 departments, 35 days of chats, seed 5\)\n(?s:.*)ROCKETCHAT_URL=http://127\.0\.0\.1:\d+ .*\n$`)
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	limit := time.After(time.Minute)
	for told.FindStringSubmatch(stdout.String()) == nil {
		select {
		case got := <-code:
			t.Fatalf("ended with %d:\n%s%s", got, &stdout, &stderr)
		case <-limit:
			t.Fatalf("not told within a minute:\n%s%s", &stdout, &stderr)
		case <-poll.C:
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
		told.FindStringSubmatch(stdout.String())[1]+"/api/v1/livechat/analytics/departments/total-abandoned-chats"+
			"?start=2026-01-01T00:00:00Z&end=2026-01-02T00:00:00Z", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-User-Id", rocketchattest.UserID)
	request.Header.Set("X-Auth-Token", rocketchattest.AuthToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("Rocket.Chat answers %s, want 200", response.Status)
	}
	interrupt()
	if got := <-code; got != 0 || stderr.String() != "" {
		t.Errorf("exit code = %d, want 0; errors:\n%s", got, &stderr)
	}
}
