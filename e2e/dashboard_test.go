package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// dashboard is what the tests read of a dashboard of Grafana.
type dashboard struct {
	UID, Title, Description, Timezone, Refresh string
	ID                                         *int
	Editable                                   bool
	SchemaVersion                              int
	Tags                                       []string
	Panels                                     []panel
	Templating                                 struct{ List []variable }
	Annotations                                struct{ List []annotation }
	Time                                       struct{ From, To string }
}

// panel is a panel, or a row with the panels that are folded into it.
type panel struct {
	ID                                                   int
	Type, Title, Description, Repeat, TimeFrom, Interval string
	Datasource                                           *datasource
	GridPos                                              struct{ X, Y, W, H int }
	Targets                                              []target
	Panels                                               []panel
	FieldConfig                                          struct {
		Defaults  fieldConfig
		Overrides []struct {
			Properties []struct {
				ID    string
				Value any
			}
		}
	}
	Options struct{ Content string }
}

type fieldConfig struct {
	Unit       string
	Mappings   []struct{ Type string }
	Thresholds struct{ Steps []step }
}

// step is the colour from a value on; the first has none.
type step struct {
	Color string
	Value *float64
}

type datasource struct{ Type, UID string }

// target is a query of a panel.
type target struct {
	Datasource                                  *datasource
	Expr, Format, RefID, Interval, LegendFormat string
	Instant, Range                              bool
}

// variable is what can be chosen at the top of a dashboard.
type variable struct {
	Name, Label, Type, Description string
	Datasource                     *datasource
	// Query is a text, or an object with one.
	Query      json.RawMessage
	Refresh    int
	Multi      bool
	IncludeAll bool
	AllValue   string
	Current    struct{ Value any }
}

// query is the variable's text of the query.
func (v *variable) query() string {
	var text string
	if json.Unmarshal(v.Query, &text) == nil {
		return text
	}
	var object struct{ Query string }
	if json.Unmarshal(v.Query, &object) == nil {
		return object.Query
	}
	return ""
}

type annotation struct {
	BuiltIn    int
	Datasource *datasource
	Expr       string
}

// dashboards are the shipped dashboards by the name of their file.
func dashboards(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "dashboards", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string][]byte)
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found[strings.TrimSuffix(filepath.Base(file), ".json")] = content
	}
	if len(found) != 2 {
		t.Fatalf("got %d dashboards, want 2", len(found))
	}
	return found
}

// readDashboard reads a dashboard's JSON.
func readDashboard(t *testing.T, content []byte) *dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal(content, &d); err != nil {
		t.Fatal(err)
	}
	return &d
}

// all are the panels of a dashboard but its rows, those in folded rows included.
func (d *dashboard) all() []panel {
	var list []panel
	for _, p := range d.Panels {
		if p.Type != "row" {
			list = append(list, p)
		}
		list = append(list, p.Panels...)
	}
	return list
}

// variable is the variable of a name, nil if there is none.
func (d *dashboard) variable(name string) *variable {
	i := slices.IndexFunc(d.Templating.List, func(v variable) bool { return v.Name == name })
	if i < 0 {
		return nil
	}
	return &d.Templating.List[i]
}

// unit is the unit of a panel's values: of an override if there is one.
func (p *panel) unit() string {
	unit := p.FieldConfig.Defaults.Unit
	for _, o := range p.FieldConfig.Overrides {
		for _, property := range o.Properties {
			if text, ok := property.Value.(string); ok && property.ID == "unit" {
				unit = text
			}
		}
	}
	return unit
}
