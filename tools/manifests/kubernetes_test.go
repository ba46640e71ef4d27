package main

import (
	"path"
	"path/filepath"
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

// The kustomizations that a user applies.
const (
	oneWorkspace      = "deploy/kubernetes/one-workspace"
	severalWorkspaces = "deploy/kubernetes/several-workspaces"
)

// objects are what a kustomization makes, as the types of those who read it.
type objects struct {
	namespaces      []core.Namespace
	configMaps      []core.ConfigMap
	services        []core.Service
	deployments     []apps.Deployment
	serviceMonitors []monitoring.ServiceMonitor
	probes          []monitoring.Probe
	rules           []monitoring.PrometheusRule
}

// build runs kustomize and reads what it makes. A key that the type does not have, and
// a value of the wrong type, fail the test.
func build(t *testing.T, kustomization string) objects {
	t.Helper()
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).
		Run(filesys.MakeFsOnDisk(), filepath.Join(repository, filepath.FromSlash(kustomization)))
	if err != nil {
		t.Fatal(err)
	}
	var all objects
	for _, object := range made.Resources() {
		text, err := object.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		if err := all.add(object.GetApiVersion()+" "+object.GetKind(), text); err != nil {
			t.Errorf("%s: %v\n%s", object.CurId(), err, text)
		}
		if object.GetKind() != "Namespace" && object.GetNamespace() != "livechat" {
			t.Errorf("%s is not in the namespace livechat", object.CurId())
		}
	}
	return all
}

// add reads an object strictly. A kind that is not listed here has no schema to be held
// against, and fails.
func (o *objects) add(kind string, text []byte) error {
	switch kind {
	case "v1 Namespace":
		return decode(text, &o.namespaces)
	case "v1 ConfigMap":
		return decode(text, &o.configMaps)
	case "v1 Service":
		return decode(text, &o.services)
	case "apps/v1 Deployment":
		return decode(text, &o.deployments)
	case "monitoring.coreos.com/v1 ServiceMonitor":
		return decode(text, &o.serviceMonitors)
	case "monitoring.coreos.com/v1 Probe":
		return decode(text, &o.probes)
	case "monitoring.coreos.com/v1 PrometheusRule":
		return decode(text, &o.rules)
	default:
		return unknownKindError(kind)
	}
}

func decode[T any](text []byte, to *[]T) error {
	var object T
	err := yaml.UnmarshalStrict(text, &object)
	*to = append(*to, object)
	return err
}

type unknownKindError string

func (e unknownKindError) Error() string {
	return "no type for " + string(e)
}

// The one object of its kind.
func only[T any](t *testing.T, all []T) T {
	t.Helper()
	if len(all) != 1 {
		t.Fatalf("%d of %T, want one", len(all), all)
	}
	return all[0]
}

// workspaceFiles are the files that a configuration reads, by workspace.
func workspaceFiles(t *testing.T, config []byte) map[string][]string {
	t.Helper()
	var read struct {
		Workspaces map[string]map[string]string `json:"workspaces"`
	}
	if err := yaml.Unmarshal(config, &read); err != nil {
		t.Fatal(err)
	}
	files := make(map[string][]string)
	for workspace, keys := range read.Workspaces {
		files[workspace] = nil
		for key, value := range keys {
			if strings.HasSuffix(key, "_file") {
				files[workspace] = append(files[workspace], value)
			}
		}
	}
	return files
}

func TestTypesRefuseWhatTheyDoNotKnow(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ kind, text string }{
		"a misspelt key":     {"apps/v1 Deployment", "spec: {replica: 1}"},
		"a key of elsewhere": {"monitoring.coreos.com/v1 Probe", "spec: {prober: {port: 1}}"},
		"a wrong type":       {"v1 Service", "spec: {ports: 10098}"},
		"a key twice":        {"v1 Namespace", "metadata: {name: a, name: b}"},
		"another kind":       {"v1 Secret", "{}"},
	} {
		if err := new(objects).add(tt.kind, []byte(tt.text)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestKustomizationsFitTogether(t *testing.T) {
	t.Parallel()
	for _, kustomization := range []string{oneWorkspace, severalWorkspaces} {
		t.Run(path.Base(kustomization), func(t *testing.T) {
			t.Parallel()
			all := build(t, kustomization)
			deployment, service := only(t, all.deployments), only(t, all.services)
			pod := deployment.Spec.Template
			exporter := only(t, pod.Spec.Containers)

			if only(t, all.namespaces).Name != "livechat" {
				t.Errorf("namespace = %s", all.namespaces[0].Name)
			}
			if *deployment.Spec.Replicas != 1 || deployment.Spec.Strategy.Type != apps.RecreateDeploymentStrategyType {
				t.Error("two exporters can run at once")
			}
			if !selects(deployment.Spec.Selector.MatchLabels, pod.Labels) {
				t.Error("the Deployment does not select its pods")
			}
			if !selects(service.Spec.Selector, pod.Labels) {
				t.Error("the Service does not select the pods")
			}
			port := only(t, exporter.Ports)
			if to := only(t, service.Spec.Ports).TargetPort.StrVal; to != port.Name {
				t.Errorf("the Service's port leads to %q, want %q", to, port.Name)
			}
			monitor := only(t, all.serviceMonitors)
			if !selects(monitor.Spec.Selector.MatchLabels, service.Labels) || only(t, monitor.Spec.Endpoints).Port != service.Spec.Ports[0].Name {
				t.Error("the ServiceMonitor does not find the Service's port")
			}
			if exporter.LivenessProbe.HTTPGet.Path != "/-/healthy" || exporter.ReadinessProbe.HTTPGet.Path != "/-/ready" {
				t.Errorf("probes: %v, %v", exporter.LivenessProbe, exporter.ReadinessProbe)
			}
			if exporter.Resources.Limits.Memory().IsZero() || exporter.Resources.Requests.Cpu().IsZero() {
				t.Error("no limit of memory or no request of processor time")
			}
			checkVolumes(t, all, pod.Spec)
		})
	}
}

// selects says whether a selector that selects something selects an object of these
// labels.
func selects(selector, labels map[string]string) bool {
	for key, value := range selector {
		if labels[key] != value {
			return false
		}
	}
	return len(selector) > 0
}

// checkVolumes demands that the configuration is where the image's command looks for
// it, and that the secrets are where the configuration does.
func checkVolumes(t *testing.T, all objects, pod core.PodSpec) {
	t.Helper()
	places := make(map[string]string)
	for _, mount := range pod.Containers[0].VolumeMounts {
		if !mount.ReadOnly {
			t.Errorf("%s can be written to", mount.MountPath)
		}
		places[mount.Name] = mount.MountPath
	}
	var config core.ConfigMap
	var secrets string
	for _, volume := range pod.Volumes {
		switch {
		case volume.ConfigMap != nil:
			i := slices.IndexFunc(all.configMaps, func(m core.ConfigMap) bool { return m.Name == volume.ConfigMap.Name })
			if i < 0 {
				t.Fatalf("no ConfigMap %s", volume.ConfigMap.Name)
			}
			config = all.configMaps[i]
			if !strings.HasPrefix(config.Name, "livechat-exporter-") {
				t.Errorf("the ConfigMap's name %s does not change with the configuration", config.Name)
			}
			if at := path.Join(places[volume.Name], "config.yml"); at != "/etc/livechat_exporter/config.yml" {
				t.Errorf("the configuration is at %s", at)
			}
		case volume.Secret != nil:
			secrets = places[volume.Name]
			if *volume.Secret.DefaultMode != 0o440 || pod.SecurityContext.FSGroup == nil {
				t.Errorf("the Secret's files have mode %o, want that of a group of the pod", *volume.Secret.DefaultMode)
			}
		}
	}
	for workspace, files := range workspaceFiles(t, []byte(config.Data["config.yml"])) {
		if len(files) != 2 {
			t.Errorf("workspace %s reads %q, want a user id and a token", workspace, files)
		}
		for _, file := range files {
			if path.Dir(file) != secrets {
				t.Errorf("workspace %s reads %s, and the Secret is at %s", workspace, file, secrets)
			}
		}
	}
}

func TestPodsAreRestricted(t *testing.T) {
	t.Parallel()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	all := build(t, oneWorkspace)
	pod := only(t, all.deployments).Spec.Template
	for _, result := range evaluator.EvaluatePod(restricted, &pod.ObjectMeta, &pod.Spec) {
		if !result.Allowed {
			t.Errorf("%s: %s", result.ForbiddenReason, result.ForbiddenDetail)
		}
	}
	// What the standard does not ask for.
	if security := pod.Spec.Containers[0].SecurityContext; security.ReadOnlyRootFilesystem == nil || !*security.ReadOnlyRootFilesystem {
		t.Error("the root can be written to")
	}
	if mounts := pod.Spec.AutomountServiceAccountToken; mounts == nil || *mounts {
		t.Error("the pod gets a token of the cluster")
	}

	pod.Spec.Containers[0].SecurityContext.AllowPrivilegeEscalation = nil
	if policy.AggregateCheckResults(evaluator.EvaluatePod(restricted, &pod.ObjectMeta, &pod.Spec)).Allowed {
		t.Error("the check takes a pod that may gain rights")
	}
}

func TestOneWorkspaceIsAnInstance(t *testing.T) {
	t.Parallel()
	all := build(t, oneWorkspace)
	if len(all.probes) > 0 {
		t.Error("the workspace is asked twice")
	}
	for workspace := range workspaceFiles(t, read(t, oneWorkspace+"/config.yml")) {
		checkTarget(t, only(t, all.serviceMonitors), "livechat", workspace)
	}
}

// checkTarget compares the labels that a ServiceMonitor's targets get.
func checkTarget(t *testing.T, monitor monitoring.ServiceMonitor, job, instance string) {
	t.Helper()
	got := make(map[string]string)
	for _, relabeling := range only(t, monitor.Spec.Endpoints).RelabelConfigs {
		got[relabeling.TargetLabel] = *relabeling.Replacement
	}
	if got["job"] != job || got["instance"] != instance || len(got) != 2 {
		t.Errorf("targets get %v, want job %s and instance %s", got, job, instance)
	}
}

func TestEachOfSeveralWorkspacesIsATarget(t *testing.T) {
	t.Parallel()
	all := build(t, severalWorkspaces)
	// The exporter's own metrics are apart from what the rules look at.
	checkTarget(t, only(t, all.serviceMonitors), "livechat_exporter", "livechat_exporter")

	probe, service := only(t, all.probes), only(t, all.services)
	if want := service.Name + "." + service.Namespace + ".svc:10098"; probe.Spec.ProberSpec.URL != want || service.Spec.Ports[0].Port != 10098 {
		t.Errorf("the Probe asks %s, and the Service is at %s", probe.Spec.ProberSpec.URL, want)
	}
	if probe.Spec.ProberSpec.Path != "/probe" || probe.Spec.JobName != "livechat" {
		t.Errorf("path = %s, job = %s", probe.Spec.ProberSpec.Path, probe.Spec.JobName)
	}
	var want []string
	for workspace := range workspaceFiles(t, read(t, severalWorkspaces+"/config.yml")) {
		want = append(want, workspace)
	}
	got := slices.Sorted(slices.Values(probe.Spec.Targets.StaticConfig.Targets))
	slices.Sort(want)
	if len(want) < 2 || !slices.Equal(got, want) {
		t.Errorf("the Probe has the targets %q, and the configuration the workspaces %q", got, want)
	}
}

// What goes into a ConfigMap must be smaller than a mebibyte.
func TestDashboardsAndRulesAreApplied(t *testing.T) {
	t.Parallel()
	files, err := generate(repository)
	if err != nil {
		t.Fatal(err)
	}
	all := build(t, oneWorkspace)
	if want := files[ruleManifest] != nil; want != (len(all.rules) == 1) {
		t.Errorf("%d PrometheusRules", len(all.rules))
	}
	sources, err := filepath.Glob(filepath.Join(repository, dashboardsFolder, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range sources {
		file := filepath.Base(source)
		i := slices.IndexFunc(all.configMaps, func(m core.ConfigMap) bool { return m.Data[file] != "" })
		if i < 0 {
			t.Errorf("no ConfigMap has %s", file)
			continue
		}
		if size := len(all.configMaps[i].Data[file]); size > 1<<20 || all.configMaps[i].Labels["grafana_dashboard"] != "1" {
			t.Errorf("ConfigMap %s has %d bytes and the labels %v", all.configMaps[i].Name, size, all.configMaps[i].Labels)
		}
	}
}
