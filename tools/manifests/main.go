// Command manifests writes the PrometheusRule for the Prometheus Operator: the rules in
// alerts/ as the spec of a Kubernetes object. "make manifests" runs it in this folder.
//
// The tests of this folder check the Kubernetes manifests, the Compose files and the
// workflows with the types and schemas of the programs that read them. They are a module of
// their own, because their dependencies are many times those of the exporter.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Both files by their path from this folder.
var (
	rulesFile        = filepath.Join("..", "..", "alerts", "livechat.rules.yml")
	ruleManifestFile = filepath.Join("..", "..", "deploy", "kubernetes", "monitoring", "prometheusrule.yml")
)

func main() {
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, "manifests:", err)
		os.Exit(1)
	}
}

func write() error {
	rules, err := os.ReadFile(rulesFile)
	if err != nil {
		return fmt.Errorf("read the rules: %w", err)
	}
	if err := os.WriteFile(ruleManifestFile, ruleManifest(rules), 0o644); err != nil { //nolint:gosec // G306: a file of the repository.
		return fmt.Errorf("write the manifest: %w", err)
	}
	return nil
}

// ruleManifest indents the rules below the head of the object. Comments stay.
func ruleManifest(rules []byte) []byte {
	var manifest strings.Builder
	manifest.WriteString(`# Made of alerts/livechat.rules.yml by "make manifests".
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: livechat
spec:
`)
	for line := range strings.Lines(string(rules)) {
		if strings.TrimSpace(line) != "" {
			manifest.WriteString("  ")
		}
		manifest.WriteString(line)
	}
	return []byte(manifest.String())
}
