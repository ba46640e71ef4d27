package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Where the sources are, in the repository.
const (
	rulesFile        = "alerts/livechat.rules.yml"
	dashboardsFolder = "dashboards"
)

// The generated files, in the repository.
const (
	ruleManifest   = "deploy/kubernetes/monitoring/prometheusrule.yml"
	monitoringList = "deploy/kubernetes/monitoring/kustomization.yml"
	dashboardsList = "dashboards/kustomization.yml"
)

// listHead is how a list of kustomize begins, after the comment that says what it is.
const listHead = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
`

// generate returns the generated files by their names in the repository. Content nil
// stands for a file that must not be there.
func generate(root string) (map[string][]byte, error) {
	rule, err := prometheusRule(root)
	if err != nil {
		return nil, err
	}
	dashboards, err := dashboardConfigMaps(root)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		ruleManifest:   rule,
		monitoringList: monitoringResources(rule != nil, dashboards != nil),
		dashboardsList: dashboards,
	}, nil
}

// prometheusRule puts the rules for Prometheus, as they are and with their comments,
// into the object of the Prometheus Operator. It is nil if there are none.
func prometheusRule(root string) ([]byte, error) {
	rules, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(rulesFile))) //nolint:gosec // G304: the file is the repository's.
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the rules: %w", err)
	}
	var manifest bytes.Buffer
	fmt.Fprintf(&manifest, `# Made of %s by "make manifests".
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: livechat
spec:
`, rulesFile)
	for line := range strings.Lines(string(rules)) {
		if strings.TrimSpace(line) != "" {
			manifest.WriteString("  ")
		}
		manifest.WriteString(line)
	}
	return manifest.Bytes(), sameRules(rules, manifest.Bytes())
}

// sameRules fails if a manifest does not say what the rules say: if moving the lines
// changed their meaning.
func sameRules(rules, manifest []byte) error {
	var want any
	if err := yaml.Unmarshal(rules, &want); err != nil {
		return fmt.Errorf("%s: %w", rulesFile, err)
	}
	var got struct {
		Spec any `json:"spec"`
	}
	if err := yaml.Unmarshal(manifest, &got); err != nil {
		return fmt.Errorf("%s, as a part of a manifest: %w", rulesFile, err)
	}
	if !reflect.DeepEqual(got.Spec, want) {
		return fmt.Errorf("%s says something else when it stands inside a manifest; is it one YAML document?", rulesFile)
	}
	return nil
}

// dashboardConfigMaps has kustomize make a ConfigMap of each dashboard, with the label
// by which Grafana's sidecar finds it. Its name is not that of the exporter's own
// ConfigMap, whatever the dashboard's is. It is nil if there are none.
func dashboardConfigMaps(root string) ([]byte, error) {
	paths, err := filepath.Glob(filepath.Join(root, dashboardsFolder, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("list the dashboards: %w", err)
	}
	if len(paths) == 0 {
		return nil, nil
	}
	slices.Sort(paths)
	list := bytes.NewBufferString(`# Made by "make manifests": a ConfigMap for each dashboard of this folder.
` + listHead + `configMapGenerator:
`)
	for _, path := range paths {
		file := filepath.Base(path)
		fmt.Fprintf(list, "  - name: dashboard-%s\n    files: [%s]\n", strings.TrimSuffix(file, ".json"), file)
	}
	list.WriteString(`generatorOptions:
  disableNameSuffixHash: true
  labels:
    # What the sidecar of Grafana's Helm chart looks for.
    grafana_dashboard: "1"
`)
	return list.Bytes(), nil
}

// monitoringResources lists what of the rules and the dashboards there is.
func monitoringResources(rule, dashboards bool) []byte {
	list := bytes.NewBufferString(`# Made by "make manifests": rules for the Prometheus Operator and dashboards for Grafana.
` + listHead + `namespace: livechat
resources:
`)
	if rule {
		fmt.Fprintf(list, "  - %s\n", filepath.Base(ruleManifest))
	}
	if dashboards {
		list.WriteString("  - ../../../" + dashboardsFolder + "\n")
	}
	return list.Bytes()
}
