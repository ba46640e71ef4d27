package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// process is a program that is measured.
type process struct {
	address string
}

// listening is what both programs say when they listen.
var listening = regexp.MustCompile(`msg="Listening on".* address=(\S+)`)

// start starts a program, and ends it with the benchmark.
func start(tb testing.TB, environment []string, program string, args ...string) *process {
	tb.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(tb.Context()), program, args...)
	cmd.Env = environment
	output, err := cmd.StderrPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	var log strings.Builder
	lines := bufio.NewScanner(output)
	p := &process{}
	for p.address == "" && lines.Scan() {
		fmt.Fprintln(&log, lines.Text())
		if match := listening.FindStringSubmatch(lines.Text()); match != nil {
			p.address = match[1]
		}
	}
	if p.address == "" {
		_ = cmd.Wait()
		tb.Fatalf("%s does not listen:\n%s", program, log.String())
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines.Scan() {
			fmt.Fprintln(&log, lines.Text())
		}
	}()
	tb.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-read
		_ = cmd.Wait()
		if tb.Failed() {
			tb.Logf("%s:\n%s", program, log.String())
		}
	})
	return p
}

// startFloor starts the floor.
func startFloor(tb testing.TB, f *floor) *process {
	tb.Helper()
	config, err := json.Marshal(f)
	if err != nil {
		tb.Fatal(err)
	}
	return start(tb, []string{floorVariable + "=" + string(config)}, os.Args[0])
}

// buildExporter builds the exporter once, as a release is built.
var buildExporter = sync.OnceValues(func() (string, error) {
	file := filepath.Join(folder, "livechat_exporter")
	cmd := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", file, "livechat_exporter")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, output)
	}
	return file, nil
})

// startExporter starts the exporter with the workspaces of the names, all at the url,
// without a limit of calls. More keys of the configuration can be given. There is always
// one more workspace that nobody scrapes, so that the exporter's own metrics have a page
// of their own.
func startExporter(tb testing.TB, url string, names []string, more map[string]any) *process {
	tb.Helper()
	program, err := buildExporter()
	if err != nil {
		tb.Fatal(err)
	}
	workspaces := map[string]any{}
	for _, name := range append(names, "unscraped") {
		workspaces[name] = map[string]any{"url": url, "user_id": rocketchattest.UserID, "auth_token": rocketchattest.AuthToken}
	}
	config := map[string]any{
		"workspaces": workspaces, "windows": windowNames(), "rate_limit": map[string]any{"calls": 0, "per": "1m"},
		"rooms": false, "counter": false, "departments": false,
	}
	maps.Copy(config, more)
	text, err := json.Marshal(config) // JSON is YAML.
	if err != nil {
		tb.Fatal(err)
	}
	file := filepath.Join(tb.TempDir(), "config.yml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		tb.Fatal(err)
	}
	return start(tb, []string{}, program, "--config.file="+file, "--web.listen-address=127.0.0.1:0", "--web.enable-pprof", "--web.max-requests=0")
}

func windowNames() []string {
	names := make([]string, len(windows))
	for i, w := range windows {
		names[i] = w.Name
	}
	return names
}

// scraper asks for pages as they are, uncompressed.
var scraper = &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 100}}

// ask asks for a page.
func (p *process) ask(ctx context.Context, path string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	return scraper.Do(request)
}

// get asks for a page, and hands it to read.
func (p *process) get(tb testing.TB, path string, read func(io.Reader) error) {
	tb.Helper()
	response, err := p.ask(tb.Context(), path)
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close()
	if err := read(response.Body); err != nil || response.StatusCode != http.StatusOK {
		tb.Fatalf("%s: status %d, error %v", path, response.StatusCode, err)
	}
}

// scrape asks for a page and does not look at it.
func (p *process) scrape(tb testing.TB, path string) {
	tb.Helper()
	p.get(tb, path, func(r io.Reader) error {
		_, err := io.Copy(io.Discard, r)
		return err
	})
}

// page is a page as text.
func (p *process) page(tb testing.TB, path string) string {
	tb.Helper()
	var text bytes.Buffer
	p.get(tb, path, func(r io.Reader) error {
		_, err := text.ReadFrom(r)
		return err
	})
	return text.String()
}

// usage is what a process has used since it began.
type usage struct {
	cpu                float64 // Seconds.
	allocations, bytes float64
	resident           float64 // Bytes, at the moment.
}

func (u usage) since(before usage) usage {
	return usage{
		cpu: u.cpu - before.cpu, allocations: u.allocations - before.allocations, bytes: u.bytes - before.bytes,
		resident: u.resident,
	}
}

// usage reads what the process has used.
func (p *process) usage(tb testing.TB) usage {
	tb.Helper()
	var u usage
	found := map[string]*float64{
		"process_cpu_seconds_total ": &u.cpu, "go_memstats_mallocs_total ": &u.allocations,
		"go_memstats_alloc_bytes_total ": &u.bytes, "process_resident_memory_bytes ": &u.resident,
	}
	for line := range strings.Lines(p.page(tb, "/metrics")) {
		for name, value := range found {
			if text, ok := strings.CutPrefix(line, name); ok {
				var err error
				if *value, err = strconv.ParseFloat(strings.TrimSpace(text), 64); err != nil {
					tb.Fatal(err)
				}
				delete(found, name)
			}
		}
	}
	if len(found) > 0 {
		tb.Fatalf("the page of own metrics lacks %d of those that are measured by", len(found))
	}
	return u
}
