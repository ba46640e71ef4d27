package main

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// repository is the root of the sources.
var repository = filepath.Join("..", "..")

// The kustomizations that a user applies.
const (
	oneWorkspace      = "deploy/kubernetes/one-workspace"
	severalWorkspaces = "deploy/kubernetes/several-workspaces"
)

// objects are the output of a kustomization, by type.
type objects struct {
	namespaces      []core.Namespace
	configMaps      []core.ConfigMap
	services        []core.Service
	deployments     []apps.Deployment
	serviceMonitors []monitoring.ServiceMonitor
	probes          []monitoring.Probe
	rules           []monitoring.PrometheusRule
}

// build runs kustomize and decodes its output. An unknown key and a value of the wrong type
// fail the test.
func build(t *testing.T, kustomization string) objects {
	t.Helper()
	output, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).
		Run(filesys.MakeFsOnDisk(), filepath.Join(repository, filepath.FromSlash(kustomization)))
	if err != nil {
		t.Fatal(err)
	}
	var all objects
	for _, object := range output.Resources() {
		text, err := object.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		switch kind := object.GetApiVersion() + " " + object.GetKind(); kind {
		case "v1 Namespace":
			decode(t, text, &all.namespaces)
		case "v1 ConfigMap":
			decode(t, text, &all.configMaps)
		case "v1 Service":
			decode(t, text, &all.services)
		case "apps/v1 Deployment":
			decode(t, text, &all.deployments)
		case "monitoring.coreos.com/v1 ServiceMonitor":
			decode(t, text, &all.serviceMonitors)
		case "monitoring.coreos.com/v1 Probe":
			decode(t, text, &all.probes)
		case "monitoring.coreos.com/v1 PrometheusRule":
			decode(t, text, &all.rules)
		default:
			t.Errorf("no type for %s", kind)
		}
		if object.GetKind() != "Namespace" && object.GetNamespace() != "livechat" {
			t.Errorf("%s is not in the namespace livechat", object.CurId())
		}
	}
	return all
}

func decode[T any](t *testing.T, text []byte, to *[]T) {
	t.Helper()
	var object T
	if err := yaml.UnmarshalStrict(text, &object); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	*to = append(*to, object)
}

// read returns a file of the repository.
func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// only returns the one element of a slice.
func only[T any](t *testing.T, all []T) T {
	t.Helper()
	if len(all) != 1 {
		t.Fatalf("%d of %T, want one", len(all), all)
	}
	return all[0]
}

// workspaceFiles returns the files that a configuration names, by workspace.
func workspaceFiles(t *testing.T, config []byte) map[string][]string {
	t.Helper()
	var decoded struct {
		Workspaces map[string]map[string]string `json:"workspaces"`
	}
	if err := yaml.Unmarshal(config, &decoded); err != nil {
		t.Fatal(err)
	}
	files := make(map[string][]string)
	for workspace, keys := range decoded.Workspaces {
		files[workspace] = nil
		for key, value := range keys {
			if strings.HasSuffix(key, "_file") {
				files[workspace] = append(files[workspace], value)
			}
		}
	}
	return files
}

func TestKustomizationsFitTogether(t *testing.T) {
	t.Parallel()
	for _, kustomization := range []string{oneWorkspace, severalWorkspaces} {
		t.Run(path.Base(kustomization), func(t *testing.T) {
			t.Parallel()
			all := build(t, kustomization)
			deployment, service, monitor := only(t, all.deployments), only(t, all.services), only(t, all.serviceMonitors)
			pod := deployment.Spec.Template
			exporter := only(t, pod.Spec.Containers)
			for failure, ok := range map[string]bool{
				"the namespace is not livechat":              only(t, all.namespaces).Name == "livechat",
				"two exporters can run at once":              *deployment.Spec.Replicas == 1 && deployment.Spec.Strategy.Type == apps.RecreateDeploymentStrategyType,
				"the Deployment does not select its pods":    selects(deployment.Spec.Selector.MatchLabels, pod.Labels),
				"the Service does not select the pods":       selects(service.Spec.Selector, pod.Labels),
				"the Service's port is not the container's":  only(t, service.Spec.Ports).TargetPort.StrVal == only(t, exporter.Ports).Name,
				"the ServiceMonitor does not select":         selects(monitor.Spec.Selector.MatchLabels, service.Labels),
				"the ServiceMonitor's port is not served":    only(t, monitor.Spec.Endpoints).Port == service.Spec.Ports[0].Name,
				"the liveness probe has another path":        exporter.LivenessProbe.HTTPGet.Path == "/-/healthy",
				"the readiness probe has another path":       exporter.ReadinessProbe.HTTPGet.Path == "/-/ready",
				"no memory limit or no processor request":    !exporter.Resources.Limits.Memory().IsZero() && !exporter.Resources.Requests.Cpu().IsZero(),
				"a volume is writable":                       !slices.ContainsFunc(exporter.VolumeMounts, func(m core.VolumeMount) bool { return !m.ReadOnly }),
				"the Secret's files are closed to the group": pod.Spec.SecurityContext.FSGroup != nil,
			} {
				if !ok {
					t.Error(failure)
				}
			}
			checkVolumes(t, all.configMaps, pod.Spec)
		})
	}
}

// selects reports whether a selector, which must not be empty, matches labels.
func selects(selector, labels map[string]string) bool {
	for key, value := range selector {
		if labels[key] != value {
			return false
		}
	}
	return len(selector) > 0
}

// checkVolumes checks that the image's command finds the configuration, and the
// configuration the secrets.
func checkVolumes(t *testing.T, configMaps []core.ConfigMap, pod core.PodSpec) {
	t.Helper()
	mounts := make(map[string]string)
	for _, mount := range pod.Containers[0].VolumeMounts {
		mounts[mount.Name] = mount.MountPath
	}
	var config, secrets string
	for _, volume := range pod.Volumes {
		if source := volume.ConfigMap; source != nil {
			i := slices.IndexFunc(configMaps, func(m core.ConfigMap) bool { return m.Name == source.Name })
			if i < 0 {
				t.Fatalf("no ConfigMap %s", source.Name)
			}
			config = configMaps[i].Data["config.yml"]
			if !strings.HasPrefix(source.Name, "livechat-exporter-") {
				t.Errorf("the name %s does not change with the configuration: pods would not restart", source.Name)
			}
			if mounts[volume.Name] != "/etc/livechat_exporter" {
				t.Errorf("the configuration is in %s", mounts[volume.Name])
			}
		}
		if source := volume.Secret; source != nil {
			secrets = mounts[volume.Name]
			if *source.DefaultMode != 0o440 {
				t.Errorf("the Secret's files have mode %o", *source.DefaultMode)
			}
		}
	}
	for workspace, files := range workspaceFiles(t, []byte(config)) {
		for _, file := range files {
			if path.Dir(file) != secrets {
				t.Errorf("workspace %s reads %s, and the Secret is in %s", workspace, file, secrets)
			}
		}
		if len(files) != 2 {
			t.Errorf("workspace %s reads %q, want a user id and a token", workspace, files)
		}
	}
}

func TestPodsAreRestricted(t *testing.T) {
	t.Parallel()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	pod := only(t, build(t, oneWorkspace).deployments).Spec.Template
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, result := range evaluator.EvaluatePod(restricted, &pod.ObjectMeta, &pod.Spec) {
		if !result.Allowed {
			t.Errorf("%s: %s", result.ForbiddenReason, result.ForbiddenDetail)
		}
	}
	// More than the standard requires.
	if readOnly := pod.Spec.Containers[0].SecurityContext.ReadOnlyRootFilesystem; readOnly == nil || !*readOnly {
		t.Error("the root is writable")
	}
	if mounts := pod.Spec.AutomountServiceAccountToken; mounts == nil || *mounts {
		t.Error("the pod gets a token of the cluster")
	}
}

// checkTarget compares the labels of a ServiceMonitor's targets.
func checkTarget(t *testing.T, monitor monitoring.ServiceMonitor, job, instance string) {
	t.Helper()
	got := make(map[string]string)
	for _, relabeling := range only(t, monitor.Spec.Endpoints).RelabelConfigs {
		got[relabeling.TargetLabel] = *relabeling.Replacement
	}
	if want := map[string]string{"job": job, "instance": instance}; !reflect.DeepEqual(got, want) {
		t.Errorf("targets have the labels %v, want %v", got, want)
	}
}

func TestOneWorkspaceIsAnInstance(t *testing.T) {
	t.Parallel()
	all := build(t, oneWorkspace)
	if len(all.probes) > 0 {
		t.Error("the workspace is scraped twice")
	}
	for workspace := range workspaceFiles(t, read(t, oneWorkspace+"/config.yml")) {
		checkTarget(t, only(t, all.serviceMonitors), "livechat", workspace)
	}
}

func TestEachOfSeveralWorkspacesIsATarget(t *testing.T) {
	t.Parallel()
	all := build(t, severalWorkspaces)
	// The exporter's own metrics have another job than the workspaces, which the rules read.
	checkTarget(t, only(t, all.serviceMonitors), "livechat_exporter", "livechat_exporter")

	probe, service := only(t, all.probes), only(t, all.services)
	if want := service.Name + "." + service.Namespace + ".svc:10098"; probe.Spec.ProberSpec.URL != want || service.Spec.Ports[0].Port != 10098 {
		t.Errorf("the Probe's URL is %s, and the Service is %s", probe.Spec.ProberSpec.URL, want)
	}
	if probe.Spec.ProberSpec.Path != "/probe" || probe.Spec.JobName != "livechat" {
		t.Errorf("path = %s, job = %s", probe.Spec.ProberSpec.Path, probe.Spec.JobName)
	}
	workspaces := workspaceFiles(t, read(t, severalWorkspaces+"/config.yml"))
	targets := probe.Spec.Targets.StaticConfig.Targets
	if len(workspaces) < 2 || len(targets) != len(workspaces) {
		t.Errorf("targets %q, workspaces %v", targets, workspaces)
	}
	for _, target := range targets {
		if _, ok := workspaces[target]; !ok {
			t.Errorf("the target %s is not a workspace", target)
		}
	}
}

func TestRulesAreThoseOfPrometheus(t *testing.T) {
	t.Parallel()
	rules := read(t, "alerts/livechat.rules.yml")
	if got := read(t, "deploy/kubernetes/monitoring/prometheusrule.yml"); !bytes.Equal(got, ruleManifest(rules)) {
		t.Error("prometheusrule.yml is out of date: run make manifests")
	}
	var want, got struct{ Spec any }
	if err := yaml.Unmarshal(rules, &want.Spec); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(ruleManifest(rules), &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Error("the indented rules have another meaning")
	}
	only(t, build(t, oneWorkspace).rules)
}

func TestEachDashboardIsAConfigMap(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20 // of Kubernetes, in bytes
	configMaps := build(t, oneWorkspace).configMaps
	files, err := filepath.Glob(filepath.Join(repository, "dashboards", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("dashboards: %q, %v", files, err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		i := slices.IndexFunc(configMaps, func(m core.ConfigMap) bool { return m.Data[name] != "" })
		if i < 0 {
			t.Errorf("%s is not in dashboards/kustomization.yml", name)
		} else if m := configMaps[i]; len(m.Data[name]) > limit || m.Labels["grafana_dashboard"] != "1" {
			t.Errorf("ConfigMap %s has %d bytes and the labels %v", m.Name, len(m.Data[name]), m.Labels)
		}
	}
}
