package main

import (
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

func TestExitCodesOfBackfill(t *testing.T) {
	serve := func(licensed bool) string {
		ws := rocketchattest.New(rocketchattest.Latest)
		ws.Configure(func(s *rocketchattest.Settings) { s.Licensed = licensed })
		server := httptest.NewServer(ws)
		t.Cleanup(server.Close)
		return server.URL
	}
	good, bad := serve(true), serve(false)
	for name, tt := range map[string]struct {
		url            string
		args           []string
		code           int
		stdout, stderr string
		files          int // In the folder, with the journal.
	}{
		"success":           {url: good, stdout: "promtool tsdb create-blocks-from openmetrics", stderr: `share=100%`, files: 2},
		"failure":           {url: bad, code: exitFailed, stderr: "activate one under Administration", files: 1},
		"dry run":           {url: good, args: []string{"--dry-run"}, stdout: "Nothing was sent.\n"},
		"no such workspace": {url: good, args: []string{"--workspace=other"}, code: exitUsage, stderr: `there is no workspace \"other\"`},
		"no calls left":     {url: good, args: []string{"--calls-per-minute=0"}, code: exitUsage, stderr: "if none runs, set --calls-per-minute=10"},
		"bad step":          {url: good, args: []string{"--step=7m"}, code: exitUsage, stderr: "divide 1h"},
		"bad beginning":     {url: good, args: []string{"--from=yesterday"}, code: exitUsage, stderr: "neither a duration"},
		"the future":        {url: good, args: []string{"--until=2999-01-01T00:00:00Z"}, code: exitUsage, stderr: "in the future"},
		"negative calls":    {url: good, args: []string{"--calls-per-minute=-1"}, code: exitUsage, stderr: "must not be negative"},
		"bad configuration": {url: "ftp://x", code: exitUsage, stderr: `msg="The configuration is wrong" err="config.yml:`},
	} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{
				"ROCKETCHAT_URL": tt.url, "ROCKETCHAT_USER_ID": rocketchattest.UserID, "ROCKETCHAT_AUTH_TOKEN": rocketchattest.AuthToken,
			}
			lookupEnv := func(name string) (string, bool) { value, ok := env[name]; return value, ok }
			var stdout, stderr bytes.Buffer
			// One day without chats takes few calls.
			folder := filepath.Join(t.TempDir(), "past")
			args := append([]string{"backfill", "--output=" + folder}, tt.args...)
			for flag, value := range map[string]string{"--from": "2026-03-10T08:00:00Z", "--until": "2026-03-10T12:00:00Z", "--calls-per-minute": "60"} {
				if !strings.Contains(strings.Join(args, " "), flag) {
					args = append(args, flag+"="+value)
				}
			}
			code := run(t.Context(), nil, args, lookupEnv, &stdout, &stderr)
			if code != tt.code || !strings.Contains(stdout.String(), tt.stdout) || !strings.Contains(stderr.String(), tt.stderr) {
				t.Errorf("got exit code %d, want %d and %q%q\nstdout: %s\nstderr: %s", code, tt.code, tt.stdout, tt.stderr, &stdout, &stderr)
			}
			files, err := os.ReadDir(folder)
			if len(files) != tt.files {
				t.Errorf("got %v (%v), want %d files", files, err, tt.files)
			}
			if strings.Contains(stdout.String()+stderr.String(), rocketchattest.AuthToken) {
				t.Error("the output contains the token")
			}
		})
	}
}
