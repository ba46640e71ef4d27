package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
)

func TestMain(m *testing.M) {
	plugins.RegisterDefaultPlugins()
	os.Exit(m.Run())
}

// The files are what the generator makes: "make dashboards" writes them.
func TestFilesAreGenerated(t *testing.T) {
	t.Parallel()
	dashboards := all()
	for name, d := range dashboards {
		want, err := marshal(d)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := os.ReadFile(filepath.Join("..", "..", "dashboards", name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs from what is generated (%v): run make dashboards", name, err)
		}
	}
	files, err := filepath.Glob(filepath.Join("..", "..", "dashboards", "*.json"))
	if err != nil || len(files) != len(dashboards) {
		t.Errorf("the files are %q, the generator makes %d (%v)", files, len(dashboards), err)
	}
}

// Each field and option is one that Grafana knows, and has its type.
func TestFilesAreValid(t *testing.T) {
	t.Parallel()
	for name, d := range all() {
		text, err := marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if mistakes := strict(text); len(mistakes) > 0 {
			t.Errorf("%s: %v", name, mistakes)
		}
		if wrong := bytes.Replace(text, []byte(`"graphMode"`), []byte(`"graphmode"`), 1); len(strict(wrong)) == 0 {
			t.Errorf("%s: an unknown option is not found", name)
		}
	}
}

// strict are the mistakes in a dashboard. Without any, the library returns an error that
// holds none.
func strict(text []byte) cog.BuildErrors {
	var mistakes cog.BuildErrors
	if err := new(classic).UnmarshalJSONStrict(text); !errors.As(err, &mistakes) && err != nil {
		return cog.MakeBuildErrors("", err)
	}
	return mistakes
}
