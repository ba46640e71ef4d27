package manifests

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

// repository is the root of the sources.
var repository = filepath.Join("..", "..")

// The files of values in testdata.
const (
	one     = "one.yml"
	several = "several.yml"
	web     = "web.yml"
	// Those of deploy/README.md.
	documented = "documented"
)

// objects are what the chart renders, by type.
type objects struct {
	configMaps      []core.ConfigMap
	secrets         []core.Secret
	services        []core.Service
	deployments     []apps.Deployment
	networkPolicies []networking.NetworkPolicy
	serviceMonitors []monitoring.ServiceMonitor
	probes          []monitoring.Probe
	rules           []monitoring.PrometheusRule
}

// chart returns the archive that "make chart" has built.
func chart(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(repository, ".build", "chart", "*.tgz"))
	if err != nil || len(found) != 1 {
		t.Fatalf("charts: %q, %v: run make chart", found, err)
	}
	return found[0]
}

// helm runs Helm on the chart.
func helm(t *testing.T, command []string, arguments ...string) (output string, err error) {
	t.Helper()
	program := filepath.Join(repository, ".bin", "helm")
	cmd := exec.CommandContext(t.Context(), program, slices.Concat(command, []string{chart(t), "--namespace=livechat"}, arguments)...)
	// No settings and plugins of this machine.
	cmd.Env = []string{"HOME=" + t.TempDir()}
	text, err := cmd.CombinedOutput()
	return string(text), err
}

// valuesFlag names a file of values.
func valuesFlag(t *testing.T, values string) string {
	t.Helper()
	if values != documented {
		return "--values=" + filepath.Join("testdata", values)
	}
	_, text, _ := strings.Cut(string(read(t, "deploy/README.md")), "   ```yaml\n   workspaces:")
	text, _, found := strings.Cut(text, "   ```\n")
	if !found {
		t.Fatal("deploy/README.md has no values")
	}
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, []byte("   workspaces:"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	return "--values=" + file
}

// render decodes what the chart makes of values. An unknown key and a value of the wrong type
// fail the test.
func render(t *testing.T, values string) (all objects) {
	t.Helper()
	output, err := helm(t, []string{"template", "livechat-exporter"}, valuesFlag(t, values))
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	names := make(map[string]bool)
	for text := range strings.SplitSeq("\n"+output, "\n---\n") {
		var head core.ConfigMap // Any object: its head is the same.
		if err := yaml.Unmarshal([]byte(text), &head); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		switch kind := head.APIVersion + " " + head.Kind; kind {
		case " ": // Comments alone.
			continue
		case "v1 ConfigMap":
			decode(t, text, &all.configMaps)
		case "v1 Secret":
			decode(t, text, &all.secrets)
		case "v1 Service":
			decode(t, text, &all.services)
		case "apps/v1 Deployment":
			decode(t, text, &all.deployments)
		case "networking.k8s.io/v1 NetworkPolicy":
			decode(t, text, &all.networkPolicies)
		case "monitoring.coreos.com/v1 ServiceMonitor":
			decode(t, text, &all.serviceMonitors)
		case "monitoring.coreos.com/v1 Probe":
			decode(t, text, &all.probes)
		case "monitoring.coreos.com/v1 PrometheusRule":
			decode(t, text, &all.rules)
		default:
			t.Errorf("no type for %s", kind)
		}
		if name := head.Kind + "/" + head.Name; head.Namespace != "livechat" || len(head.Name) > 63 || names[name] {
			t.Errorf("%s is in the namespace %q, or its name is long or there twice", name, head.Namespace)
		} else {
			names[name] = true
		}
	}
	return all
}

func decode[T any](t *testing.T, text string, to *[]T) {
	t.Helper()
	var object T
	if err := yaml.UnmarshalStrict([]byte(text), &object); err != nil {
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

// named returns the object of a name.
func named[T any](t *testing.T, all []T, name string, of func(T) string) T {
	t.Helper()
	i := slices.IndexFunc(all, func(object T) bool { return of(object) == name })
	if i < 0 {
		t.Fatalf("no %T is named %s", all, name)
	}
	return all[i]
}

// workspaceFiles returns the files that a configuration names, by workspace.
func workspaceFiles(t *testing.T, config []byte) map[string][]string {
	t.Helper()
	var decoded struct {
		Workspaces map[string]map[string]any `json:"workspaces"`
	}
	if err := yaml.Unmarshal(config, &decoded); err != nil {
		t.Fatal(err)
	}
	files := make(map[string][]string)
	for workspace, keys := range decoded.Workspaces {
		files[workspace] = nil
		for key, value := range keys {
			if strings.HasSuffix(key, "_file") {
				files[workspace] = append(files[workspace], fmt.Sprint(value))
			}
		}
	}
	return files
}

func forEachValues(t *testing.T, test func(t *testing.T, values string)) {
	t.Helper()
	for _, values := range []string{one, several, web, documented} {
		t.Run(values, func(t *testing.T) {
			t.Parallel()
			test(t, values)
		})
	}
}

func TestChartIsWithoutLint(t *testing.T) {
	t.Parallel()
	forEachValues(t, func(t *testing.T, values string) {
		if output, err := helm(t, []string{"lint", "--strict"}, valuesFlag(t, values)); err != nil || strings.Contains(output, "[WARNING]") {
			t.Errorf("%v\n%s", err, output)
		}
	})
}

// Values that cannot work are refused, with what is wrong.
func TestChartRefusesWrongValues(t *testing.T) {
	t.Parallel()
	const main = "workspaces.main.url=https://x"
	for set, want := range map[string]string{
		"image.tag=1":                        "workspaces",
		"workspaces.main.url=ftp://x":        "/workspaces/main/url",
		main:                                 "workspaces.main needs a user_id, or secret.existing a Secret",
		main + ",workspaces.main.user_id=x":  "workspaces.main needs an auth_token",
		main + ",secret.existing=x,ports=80": "ports",
		"workspaces.a b.url=https://x,secret.existing=x": "invalid propertyName 'a b'",
	} {
		if output, err := helm(t, []string{"template", "x"}, "--set="+set); err == nil || !strings.Contains(output, want) {
			t.Errorf("%s: %v, want an error with %q, got\n%s", set, err, want, output)
		}
	}
}

func TestObjectsFitTogether(t *testing.T) {
	t.Parallel()
	forEachValues(t, func(t *testing.T, values string) {
		all := render(t, values)
		deployment, service, monitor := only(t, all.deployments), only(t, all.services), only(t, all.serviceMonitors)
		pod := deployment.Spec.Template
		exporter := only(t, pod.Spec.Containers)
		for failure, ok := range map[string]bool{
			"two exporters can run at once":              *deployment.Spec.Replicas == 1 && deployment.Spec.Strategy.Type == apps.RecreateDeploymentStrategyType,
			"the Deployment does not select its pods":    selects(deployment.Spec.Selector.MatchLabels, pod.Labels),
			"the Service does not select the pods":       selects(service.Spec.Selector, pod.Labels),
			"the Service's port is not the container's":  only(t, service.Spec.Ports).TargetPort.StrVal == only(t, exporter.Ports).Name,
			"the container's port is not the exporter's": exporter.Ports[0].ContainerPort == 10098,
			"the ServiceMonitor does not select":         selects(monitor.Spec.Selector.MatchLabels, service.Labels),
			"the ServiceMonitor's port is not served":    only(t, monitor.Spec.Endpoints).Port == service.Spec.Ports[0].Name,
			"the liveness probe has another path":        exporter.LivenessProbe.HTTPGet.Path == "/-/healthy",
			"the readiness probe has another path":       exporter.ReadinessProbe.HTTPGet.Path == "/-/ready",
			"no memory limit or no processor request":    !exporter.Resources.Limits.Memory().IsZero() && !exporter.Resources.Requests.Cpu().IsZero(),
			"a volume is writable":                       !slices.ContainsFunc(exporter.VolumeMounts, func(m core.VolumeMount) bool { return !m.ReadOnly }),
			"the Secret's files are closed to the group": pod.Spec.SecurityContext.FSGroup != nil,
			"a changed configuration does not restart":   len(pod.Annotations["checksum/config"]) == 64,
		} {
			if !ok {
				t.Error(failure)
			}
		}
		checkConfiguration(t, all)
	})
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

// configuration returns the exporter's configuration.
func configuration(t *testing.T, all objects) []byte {
	t.Helper()
	config := named(t, all.configMaps, only(t, all.deployments).Name, func(m core.ConfigMap) string { return m.Name })
	return []byte(config.Data["config.yml"])
}

// checkConfiguration checks that the exporter finds its configuration and its credentials,
// and accepts it.
func checkConfiguration(t *testing.T, all objects) {
	t.Helper()
	pod := only(t, all.deployments).Spec.Template.Spec
	mounted := make(map[string]core.Volume)
	for _, mount := range pod.Containers[0].VolumeMounts {
		mounted[mount.MountPath] = named(t, pod.Volumes, mount.Name, func(v core.Volume) string { return v.Name })
	}
	const folder = "/run/secrets/livechat_exporter"
	if mounted["/etc/livechat_exporter"].ConfigMap.Name != only(t, all.deployments).Name || *mounted[folder].Secret.DefaultMode != 0o440 {
		t.Errorf("mounted: %+v", mounted)
	}
	if !slices.Contains(pod.Containers[0].Args, "--config.file=/etc/livechat_exporter/config.yml") {
		t.Errorf("arguments: %q", pod.Containers[0].Args)
	}
	local := t.TempDir()
	for workspace, files := range workspaceFiles(t, configuration(t, all)) {
		slices.Sort(files)
		if want := []string{folder + "/" + workspace + "_auth_token", folder + "/" + workspace + "_user_id"}; !slices.Equal(files, want) {
			t.Errorf("workspace %s reads %q, want %q", workspace, files, want)
		}
		for _, file := range files {
			for _, secret := range all.secrets {
				if _, ok := secret.Data[path.Base(file)]; secret.Name == mounted[folder].Secret.SecretName && !ok {
					t.Errorf("the Secret lacks %s", path.Base(file))
				}
			}
			if err := os.WriteFile(filepath.Join(local, path.Base(file)), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	config := filepath.Join(local, "config.yml")
	if err := os.WriteFile(config, bytes.ReplaceAll(configuration(t, all), []byte(folder), []byte(local)), 0o600); err != nil {
		t.Fatal(err)
	}
	check := exec.CommandContext(t.Context(), "go", "run", "-buildvcs=false", ".", "check", "--offline", "--config.file="+config)
	check.Dir, check.Env = repository, append(os.Environ(), "GOFLAGS=")
	if output, err := check.CombinedOutput(); err != nil {
		t.Errorf("check --offline: %v\n%s\n%s", err, output, configuration(t, all))
	}
}

func TestPodsAreRestricted(t *testing.T) {
	t.Parallel()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	forEachValues(t, func(t *testing.T, values string) {
		pod := only(t, render(t, values).deployments).Spec.Template
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
	})
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
	all := render(t, one)
	if len(all.probes) > 0 {
		t.Error("the workspace is scraped twice")
	}
	checkTarget(t, only(t, all.serviceMonitors), "livechat", "main")
	secret := only(t, all.secrets)
	if got := string(secret.Data["main_user_id"]) + " " + string(secret.Data["main_auth_token"]); got != "rbAXPnMktTFbNpwtJ a-token" || secret.Name != "livechat-exporter" {
		t.Errorf("the Secret %s has %q", secret.Name, got)
	}
	if config := configuration(t, all); bytes.Contains(config, []byte("a-token")) {
		t.Errorf("the ConfigMap has the token:\n%s", config)
	}
}

func TestEachOfSeveralWorkspacesIsATarget(t *testing.T) {
	t.Parallel()
	all := render(t, several)
	// The exporter's own metrics have another job than the workspaces, which the rules read.
	checkTarget(t, only(t, all.serviceMonitors), "livechat_exporter", "livechat_exporter")

	probe, service := only(t, all.probes), only(t, all.services)
	if want := fmt.Sprintf("%s.livechat.svc:%d", service.Name, service.Spec.Ports[0].Port); probe.Spec.ProberSpec.URL != want {
		t.Errorf("the Probe's URL is %s, and the Service is %s", probe.Spec.ProberSpec.URL, want)
	}
	if probe.Spec.ProberSpec.Path != "/probe" || probe.Spec.JobName != "livechat" {
		t.Errorf("path = %s, job = %s", probe.Spec.ProberSpec.Path, probe.Spec.JobName)
	}
	targets := probe.Spec.Targets.StaticConfig.Targets
	slices.Sort(targets)
	if want := []string{"shop.eu", "support"}; !slices.Equal(targets, want) {
		t.Errorf("targets = %q, want %q", targets, want)
	}
	if len(all.secrets) > 0 {
		t.Error("there is a Secret besides the one that exists")
	}
}

func TestProbesAuthenticate(t *testing.T) {
	t.Parallel()
	all := render(t, web)
	container := only(t, all.deployments).Spec.Template.Spec.Containers[0]
	want := []core.HTTPHeader{{Name: "Authorization", Value: "Basic " + base64.StdEncoding.EncodeToString([]byte("kubelet:secret: with a colon"))}}
	for _, probe := range []*core.Probe{container.LivenessProbe, container.ReadinessProbe} {
		if got := probe.HTTPGet; !reflect.DeepEqual(got.HTTPHeaders, want) || got.Scheme != core.URISchemeHTTPS {
			t.Errorf("a probe sends %v by %s", got.HTTPHeaders, got.Scheme)
		}
	}
	endpoint := only(t, only(t, all.serviceMonitors).Spec.Endpoints)
	if endpoint.Scheme == nil || *endpoint.Scheme != "https" || endpoint.BasicAuth.Username.Name != "scrape" {
		t.Errorf("the ServiceMonitor's endpoint is %+v", endpoint)
	}
	secret := only(t, all.secrets)
	if !slices.Contains(container.Args, "--web.config.file=/etc/livechat_exporter_web/web.yml") || !bytes.Contains(secret.Data["web.yml"], []byte("kubelet: $2y$10$")) {
		t.Errorf("arguments %q, Secret:\n%s", container.Args, secret.Data["web.yml"])
	}
}

func TestRulesAreThoseOfPrometheus(t *testing.T) {
	t.Parallel()
	var want monitoring.PrometheusRuleSpec
	rules := strings.ReplaceAll(string(read(t, "alerts/livechat.rules.yml")), variable(t, "GRAFANA"), "https://graphs.example.com")
	if err := yaml.UnmarshalStrict([]byte(rules), &want); err != nil {
		t.Fatal(err)
	}
	rule := only(t, render(t, one).rules)
	if !reflect.DeepEqual(rule.Spec, want) || len(want.Groups) == 0 {
		t.Error("the rules of the chart have another meaning")
	}
	if rule.Labels["release"] != "kube-prometheus-stack" {
		t.Errorf("labels: %v", rule.Labels)
	}
}

func TestEachDashboardIsAConfigMap(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20 // of Kubernetes, in bytes
	configMaps := render(t, one).configMaps
	files, err := filepath.Glob(filepath.Join(repository, "dashboards", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("dashboards: %q, %v", files, err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		i := slices.IndexFunc(configMaps, func(m core.ConfigMap) bool {
			return strings.TrimSpace(m.Data[name]) == strings.TrimSpace(string(read(t, "dashboards/"+name)))
		})
		if i < 0 {
			t.Errorf("%s is not in the chart as it is in dashboards", name)
		} else if m := configMaps[i]; len(m.Data[name]) > limit || m.Labels["grafana_dashboard"] != "1" || m.Annotations["grafana_folder"] != "Livechat" {
			t.Errorf("ConfigMap %s has %d bytes, the labels %v and the annotations %v", m.Name, len(m.Data[name]), m.Labels, m.Annotations)
		}
	}
}

func TestNetworkPolicySelectsTheExporter(t *testing.T) {
	t.Parallel()
	all := render(t, one)
	spec := only(t, all.networkPolicies).Spec
	if !selects(spec.PodSelector.MatchLabels, only(t, all.deployments).Spec.Template.Labels) {
		t.Error("it selects other pods")
	}
	if ingress := only(t, spec.Ingress); only(t, ingress.Ports).Port.StrVal != "metrics" || len(ingress.From) != 1 || len(spec.PolicyTypes) != 2 || len(spec.Egress) != 1 {
		t.Errorf("the policy is %+v", spec)
	}
}
