package main

import (
	"bytes"
	"net/http/httptest"
	"strings"
	"testing"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

func TestExitCodesOfCheck(t *testing.T) {
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
	}{
		"success":              {url: good, stdout: "Now start it: livechat_exporter --config.file=config.yml\n"},
		"failure":              {url: bad, code: exitFailed, stdout: "  FAILED   licence "},
		"offline":              {url: bad, args: []string{"--offline"}, stdout: "No server was called."},
		"one workspace":        {url: good, args: []string{"--workspace=main"}, stdout: "7 calls sent\n"},
		"no such workspace":    {url: good, args: []string{"--workspace=other"}, code: exitUsage, stderr: `there is no workspace \"other\" in config.yml`},
		"bad configuration":    {url: "ftp://x", code: exitUsage, stderr: `msg="The configuration is wrong" err="config.yml:`},
		"flag of the exporter": {url: good, args: []string{"--web.enable-lifecycle"}, code: exitUsage, stderr: "unknown long flag '--web.enable-lifecycle'"},
	} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{
				"ROCKETCHAT_URL": tt.url, "ROCKETCHAT_USER_ID": rocketchattest.UserID, "ROCKETCHAT_AUTH_TOKEN": rocketchattest.AuthToken,
			}
			lookupEnv := func(name string) (string, bool) { value, ok := env[name]; return value, ok }
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), nil, append([]string{"check"}, tt.args...), lookupEnv, &stdout, &stderr)
			if code != tt.code || !strings.Contains(stdout.String(), tt.stdout) || !strings.Contains(stderr.String(), tt.stderr) ||
				(stderr.Len() == 0) != (tt.stderr == "") {
				t.Errorf("got exit code %d, want %d and %q%q\nstdout: %s\nstderr: %s", code, tt.code, tt.stdout, tt.stderr, &stdout, &stderr)
			}
			if strings.Contains(stdout.String()+stderr.String(), rocketchattest.AuthToken) {
				t.Error("the output contains the token")
			}
		})
	}
}
