package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"golang.org/x/mod/modfile"
	"sigs.k8s.io/yaml"
)

// compose loads Compose files as Docker does: interpolated, held against the schema of
// the specification, merged, and checked for what they refer to.
func compose(t *testing.T, files ...types.ConfigFile) (*types.Project, error) {
	t.Helper()
	folder, err := filepath.Abs(filepath.Join(repository, "deploy", "compose"))
	if err != nil {
		t.Fatal(err)
	}
	return loader.LoadWithContext(t.Context(), types.ConfigDetails{WorkingDir: folder, ConfigFiles: files, Environment: types.Mapping{}})
}

// shipped is a Compose file of the repository.
func shipped(t *testing.T, name string) types.ConfigFile {
	t.Helper()
	return types.ConfigFile{Filename: name, Content: read(t, "deploy/compose/"+name)}
}

// projects are the ways to start Compose.
func projects(t *testing.T) map[string]*types.Project {
	t.Helper()
	all := make(map[string]*types.Project)
	for name, files := range map[string][]types.ConfigFile{
		"a workspace of the user's": {shipped(t, "compose.yml")},
		"the simulated workspace":   {shipped(t, "compose.yml"), shipped(t, "compose.demo.yml")},
	} {
		project, err := compose(t, files...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = project
	}
	return all
}

func TestComposeRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a misspelt key":         "services: {a: {image: b, readonly: true}}",
		"a network that is not":  "services: {a: {image: b, networks: [c]}}",
		"a service that is not":  "services: {a: {image: b, depends_on: [c]}}",
		"a port that is no port": "services: {a: {image: b, ports: ['127.0.0.1:x:y']}}",
	} {
		if _, err := compose(t, types.ConfigFile{Filename: "compose.yml", Content: []byte("name: x\n" + text)}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestContainersHaveNoRightsAndNoOpenPorts(t *testing.T) {
	t.Parallel()
	for name, project := range projects(t) {
		for _, service := range project.Services {
			if !service.ReadOnly || service.Privileged || !slices.Equal(service.CapDrop, []string{"ALL"}) || len(service.CapAdd) > 0 ||
				!slices.Contains(service.SecurityOpt, "no-new-privileges:true") {
				t.Errorf("%s: %s has rights that it does not need", name, service.Name)
			}
			for _, port := range service.Ports {
				if port.HostIP != "127.0.0.1" {
					t.Errorf("%s: port %s of %s is open to others", name, port.Published, service.Name)
				}
			}
			for _, volume := range service.Volumes {
				if volume.Type == types.VolumeTypeBind && !volume.ReadOnly {
					t.Errorf("%s: %s may write to %s", name, service.Name, volume.Source)
				}
			}
		}
	}
}

func TestComposeMountsWhatIsThere(t *testing.T) {
	t.Parallel()
	for name, project := range projects(t) {
		for _, service := range project.Services {
			for _, volume := range service.Volumes {
				if volume.Type != types.VolumeTypeBind {
					continue
				}
				if _, err := os.Stat(volume.Source); err != nil {
					t.Errorf("%s: %s: %v", name, service.Name, err)
				}
			}
		}
	}
}

// Grafana finds the dashboards and the data source as its provisioning names them.
func TestGrafanaFindsWhatIsProvisioned(t *testing.T) {
	t.Parallel()
	for name, project := range projects(t) {
		grafana := project.Services["grafana"]
		places := make(map[string]string)
		for _, volume := range grafana.Volumes {
			places[volume.Target] = volume.Source
		}
		provisioning := places["/etc/grafana/provisioning"]
		files, err := filepath.Glob(filepath.Join(provisioning, "*", "*.yml"))
		if err != nil || len(files) < 2 {
			t.Errorf("%s: provisioning is in %q, %v", name, files, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var provisioned struct {
				Providers []struct {
					Options struct {
						Path string `json:"path"`
					} `json:"options"`
				} `json:"providers"`
			}
			if err := yaml.Unmarshal(content, &provisioned); err != nil {
				t.Fatal(err)
			}
			for _, provider := range provisioned.Providers {
				if filepath.Base(places[provider.Options.Path]) != dashboardsFolder {
					t.Errorf("%s: the dashboards are not at %s", name, provider.Options.Path)
				}
			}
			for _, variable := range regexp.MustCompile(`(?m)^[^#\n]*\$\{(\w+)\}`).FindAllStringSubmatch(string(content), -1) {
				if _, ok := grafana.Environment[variable[1]]; !ok {
					t.Errorf("%s: %s reads %s, which Grafana does not get", name, file, variable[1])
				}
			}
		}
	}
}

// The exporter finds its configuration where its image looks for it, and the token
// where the configuration does.
func TestComposeHandsTheExporterItsToken(t *testing.T) {
	t.Parallel()
	for name, project := range projects(t) {
		exporter := project.Services["exporter"]
		volume := only(t, exporter.Volumes)
		if volume.Target != "/etc/livechat_exporter/config.yml" {
			t.Errorf("%s: the configuration is at %s", name, volume.Target)
		}
		config, err := os.ReadFile(volume.Source)
		if err != nil {
			t.Fatal(err)
		}
		secret := only(t, exporter.Secrets)
		for workspace, files := range workspaceFiles(t, config) {
			if want := "/run/secrets/" + secret.Source; !slices.Equal(files, []string{want}) {
				t.Errorf("%s: workspace %s reads %q, and the token is at %s", name, workspace, files, want)
			}
		}
		for _, variable := range regexp.MustCompile(`\$\{(\w+)\}`).FindAllStringSubmatch(string(config), -1) {
			if _, ok := exporter.Environment[variable[1]]; !ok {
				t.Errorf("%s: the configuration reads %s, which the exporter does not get", name, variable[1])
			}
		}
		source := project.Secrets[secret.Source].File
		_, err = os.Stat(source)
		switch demo := strings.Contains(name, "simulated"); {
		case demo && err != nil:
			t.Errorf("%s: %v", name, err)
		case !demo && !ignored(t, source):
			t.Errorf("%s: git would take the token in %s", name, source)
		}
	}
}

// ignored says whether .gitignore has the folder of a file.
func ignored(t *testing.T, file string) bool {
	t.Helper()
	root, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	folder, err := filepath.Rel(root, filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	return slices.Contains(strings.Split(string(read(t, ".gitignore")), "\n"), "/"+filepath.ToSlash(folder)+"/")
}

// The images of others have versions, and those that the end-to-end tests run have the
// versions that they run.
func TestComposeRunsTheVersionsThatAreTested(t *testing.T) {
	t.Parallel()
	for name, project := range projects(t) {
		for _, service := range project.Services {
			if service.Build != nil {
				continue
			}
			image, tag, _ := strings.Cut(service.Image, ":")
			if !regexp.MustCompile(`^v?\d+\.\d+\.\d+$`).MatchString(tag) {
				t.Errorf("%s: %s names no version", name, service.Image)
			}
			tested, ok := strings.CutPrefix(image, "prom/")
			if !ok {
				continue
			}
			if want := testedVersion(t, tested); tag != want {
				t.Errorf("%s: %s, and the tests run %s", name, service.Image, want)
			}
		}
	}
}

// testedVersion is the release of a tool of Prometheus' that the tests run, by the
// go.mod that builds it. The modules of Prometheus 3.x.y are named v0.3xx.y.
func testedVersion(t *testing.T, tool string) string {
	t.Helper()
	name := "tools/" + tool + "/go.mod"
	file, err := modfile.Parse(name, read(t, name), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, required := range file.Require {
		if required.Mod.Path != "github.com/prometheus/"+tool {
			continue
		}
		if part := regexp.MustCompile(`^v0\.3(\d\d)\.(\d+)$`).FindStringSubmatch(required.Mod.Version); tool == "prometheus" && part != nil {
			return "v3." + strings.TrimLeft(part[1], "0") + "." + part[2]
		}
		return required.Mod.Version
	}
	t.Fatalf("%s does not name %s", name, tool)
	return ""
}

// Prometheus asks the exporter, by the name of its service, and tells Alertmanager.
func TestPrometheusKnowsTheOthersByName(t *testing.T) {
	t.Parallel()
	var config struct {
		RuleFiles []string `json:"rule_files"`
		Alerting  struct {
			Alertmanagers []struct {
				StaticConfigs []struct {
					Targets []string `json:"targets"`
				} `json:"static_configs"`
			} `json:"alertmanagers"`
		} `json:"alerting"`
		ScrapeConfigs []struct {
			JobName       string `json:"job_name"`
			StaticConfigs []struct {
				Targets []string          `json:"targets"`
				Labels  map[string]string `json:"labels"`
			} `json:"static_configs"`
		} `json:"scrape_configs"`
	}
	if err := yaml.Unmarshal(read(t, "deploy/compose/prometheus.yml"), &config); err != nil {
		t.Fatal(err)
	}
	job := only(t, config.ScrapeConfigs)
	target := only(t, job.StaticConfigs)
	if job.JobName != "livechat" || !slices.Equal(target.Targets, []string{"exporter:10098"}) {
		t.Errorf("job %s has the targets %q", job.JobName, target.Targets)
	}
	for workspace := range workspaceFiles(t, read(t, "deploy/compose/config.yml")) {
		if target.Labels["instance"] != workspace {
			t.Errorf("instance = %q, want the workspace %s", target.Labels["instance"], workspace)
		}
	}
	if got := only(t, only(t, config.Alerting.Alertmanagers).StaticConfigs).Targets; !slices.Equal(got, []string{"alertmanager:9093"}) {
		t.Errorf("Alertmanager is %q", got)
	}
	prometheus := projects(t)["a workspace of the user's"].Services["prometheus"]
	if !slices.ContainsFunc(prometheus.Volumes, func(v types.ServiceVolumeConfig) bool {
		return v.Target == "/etc/prometheus/alerts" && filepath.Base(v.Source) == "alerts"
	}) || only(t, config.RuleFiles) != "alerts/*.rules.yml" {
		t.Errorf("the rules %q are not those of the repository", config.RuleFiles)
	}
}
