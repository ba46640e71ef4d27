package bench

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// profiles is a folder for the exporter's CPU profile of each benchmark; none if empty.
var profiles = flag.String("profiles", "", "folder for the exporter's CPU profile of 2 seconds of each benchmark")

// startProfile has the process profiled, if that is wanted, while the benchmark goes on.
// The function that it returns waits for the end of that.
func startProfile(b *testing.B, p *process) (wait func()) {
	b.Helper()
	if *profiles == "" {
		return func() {}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		profile, err := p.ask(b.Context(), "/debug/pprof/profile?seconds=2")
		if err == nil {
			defer profile.Body.Close()
			var content []byte
			content, err = io.ReadAll(profile.Body)
			if err == nil {
				name := strings.NewReplacer("/", "-", "=", "-").Replace(b.Name()) + ".pprof"
				err = os.WriteFile(filepath.Join(*profiles, name), content, 0o600)
			}
		}
		if err != nil {
			b.Errorf("profile: %v", err)
		}
	}()
	return func() { <-ended }
}
