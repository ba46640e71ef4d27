package manifests

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"golang.org/x/mod/modfile"
	"sigs.k8s.io/yaml"
)

// projects loads the Compose files as Docker does, alone and with the simulated workspace.
// Loading checks them with the schema of the specification.
func projects(t *testing.T) map[string]*types.Project {
	t.Helper()
	folder, err := filepath.Abs(filepath.Join(repository, "deploy", "compose"))
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]*types.Project)
	for name, files := range map[string][]string{
		"own workspace":       {"compose.yml"},
		"simulated workspace": {"compose.yml", "compose.demo.yml"},
	} {
		details := types.ConfigDetails{WorkingDir: folder, Environment: types.Mapping{}}
		for _, file := range files {
			details.ConfigFiles = append(details.ConfigFiles, types.ConfigFile{Filename: file, Content: read(t, "deploy/compose/"+file)})
		}
		if all[name], err = loader.LoadWithContext(t.Context(), details); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return all
}

func TestContainersAreRestricted(t *testing.T) {
	t.Parallel()
	for name, project := range projects(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, service := range project.Services {
				if !service.ReadOnly || service.Privileged || !slices.Equal(service.CapDrop, []string{"ALL"}) || len(service.CapAdd) > 0 ||
					!slices.Contains(service.SecurityOpt, "no-new-privileges:true") {
					t.Errorf("%s has rights that it does not need", service.Name)
				}
				for _, port := range service.Ports {
					if port.HostIP != "127.0.0.1" {
						t.Errorf("port %s of %s is open to other machines", port.Published, service.Name)
					}
				}
				for _, volume := range service.Volumes {
					if volume.Type != types.VolumeTypeBind {
						continue
					}
					if _, err := os.Stat(volume.Source); err != nil || !volume.ReadOnly {
						t.Errorf("%s mounts %s, which is absent (%v) or writable", service.Name, volume.Source, err)
					}
				}
			}
		})
	}
}

func TestGrafanaFindsDashboardsAndDataSource(t *testing.T) {
	t.Parallel()
	for name, project := range projects(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			grafana := project.Services["grafana"]
			sources := make(map[string]string)
			for _, volume := range grafana.Volumes {
				sources[volume.Target] = volume.Source
			}
			files, err := filepath.Glob(filepath.Join(sources["/etc/grafana/provisioning"], "*", "*.yml"))
			if err != nil || len(files) != 2 {
				t.Fatalf("provisioning: %q, %v", files, err)
			}
			for _, file := range files {
				content, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				var provisioned struct {
					Providers []struct{ Options struct{ Path string } }
				}
				if err := yaml.Unmarshal(content, &provisioned); err != nil {
					t.Fatal(err)
				}
				for _, provider := range provisioned.Providers {
					if filepath.Base(sources[provider.Options.Path]) != "dashboards" {
						t.Errorf("the dashboards are not in %s", provider.Options.Path)
					}
				}
				checkVariables(t, content, grafana)
			}
		})
	}
}

// checkVariables checks that a service gets the variables in a file, comments aside.
func checkVariables(t *testing.T, content []byte, service types.ServiceConfig) {
	t.Helper()
	for _, variable := range regexp.MustCompile(`(?m)^[^#\n]*\$\{(\w+)\}`).FindAllSubmatch(content, -1) {
		if _, ok := service.Environment[string(variable[1])]; !ok {
			t.Errorf("%s does not get the variable %s", service.Name, variable[1])
		}
	}
}

func TestExporterFindsConfigurationAndToken(t *testing.T) {
	t.Parallel()
	for name, project := range projects(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exporter := project.Services["exporter"]
			if target := only(t, exporter.Volumes).Target; target != "/etc/livechat_exporter" {
				t.Errorf("the configuration is %s", target)
			}
			config := read(t, "deploy/compose/exporter/config.yml")
			checkVariables(t, config, exporter)
			secret := only(t, exporter.Secrets).Source
			for workspace, files := range workspaceFiles(t, config) {
				if want := "/run/secrets/" + secret; !slices.Equal(files, []string{want}) {
					t.Errorf("workspace %s reads %q, and the token is %s", workspace, files, want)
				}
			}
			// The simulated workspace's token is in the repository, the user's must not get there.
			_, simulated := project.Services["workspace"]
			file := filepath.ToSlash(project.Secrets[secret].File)
			if _, err := os.Stat(file); simulated && err != nil {
				t.Error(err)
			}
			if ignored := strings.Contains(string(read(t, ".gitignore")), "\n/deploy/compose/secrets/\n") &&
				strings.HasSuffix(file, "/deploy/compose/secrets/"+secret); ignored == simulated {
				t.Errorf("ignored by git is %v for %s", ignored, file)
			}
		})
	}
}

// Images have versions, and Prometheus and Alertmanager those of the end-to-end tests.
func TestComposeRunsTheTestedVersions(t *testing.T) {
	t.Parallel()
	for name, project := range projects(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, service := range project.Services {
				if service.Build != nil {
					continue
				}
				image, tag, _ := strings.Cut(service.Image, ":")
				if !regexp.MustCompile(`^v?\d+\.\d+\.\d+$`).MatchString(tag) {
					t.Errorf("%s has no version", service.Image)
				}
				if tool, ok := strings.CutPrefix(image, "prom/"); ok && tag != testedVersion(t, tool) {
					t.Errorf("%s, and the tests run %s", service.Image, testedVersion(t, tool))
				}
			}
		})
	}
}

// testedVersion is the version in the go.mod that builds a tool. The modules of Prometheus
// 3.x.y are named v0.3xx.y.
func testedVersion(t *testing.T, tool string) string {
	t.Helper()
	name := "tools/" + tool + "/go.mod"
	file, err := modfile.Parse(name, read(t, name), nil)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(file.Require, func(r *modfile.Require) bool { return r.Mod.Path == "github.com/prometheus/"+tool })
	if i < 0 {
		t.Fatalf("%s does not require %s", name, tool)
	}
	version := file.Require[i].Mod.Version
	if tool == "prometheus" {
		return regexp.MustCompile(`^v0\.30?(\d+)\.`).ReplaceAllString(version, "v3.$1.")
	}
	return version
}

func TestPrometheusScrapesAndAlerts(t *testing.T) {
	t.Parallel()
	type static struct {
		Targets []string          `json:"targets"`
		Labels  map[string]string `json:"labels,omitempty"`
	}
	type job struct {
		JobName       string   `json:"job_name,omitempty"`
		StaticConfigs []static `json:"static_configs"`
	}
	type alerting struct {
		Alertmanagers []job `json:"alertmanagers"`
	}
	type config struct {
		RuleFiles     []string `json:"rule_files"`
		Alerting      alerting `json:"alerting"`
		ScrapeConfigs []job    `json:"scrape_configs"`
	}
	workspaces := slices.Collect(maps.Keys(workspaceFiles(t, read(t, "deploy/compose/exporter/config.yml"))))
	want := config{
		RuleFiles: []string{"/etc/alerts/*.rules.yml"},
		Alerting:  alerting{[]job{{StaticConfigs: []static{{Targets: []string{"alertmanager:9093"}}}}}},
		ScrapeConfigs: []job{{
			JobName:       "livechat",
			StaticConfigs: []static{{Targets: []string{"exporter:10098"}, Labels: map[string]string{"instance": only(t, workspaces)}}},
		}},
	}
	var got config
	if err := yaml.Unmarshal(read(t, "deploy/compose/prometheus/prometheus.yml"), &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}
