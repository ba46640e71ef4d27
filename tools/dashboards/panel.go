package main

import (
	"slices"

	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
)

// datasource is the chosen Prometheus.
func datasource() *common.DataSourceRef {
	return &common.DataSourceRef{Type: new("prometheus"), Uid: new("${datasource}")}
}

// scrapeInterval is the least step of a graph.
const scrapeInterval = "1m"

// query is a query of a panel.
type query struct {
	expr, legend string
	// table is whether labels become columns.
	table bool
	// step is the least step of a query over time, empty for one at the end of the time range.
	step string
}

func (q query) target(id string) variants.Dataquery {
	target := prometheus.NewDataquery()
	target.Datasource = datasource()
	target.RefId = &id
	target.Expr = q.expr
	target.LegendFormat = &q.legend
	target.Instant, target.Range = new(q.step == ""), new(q.step != "")
	format := prometheus.PromQueryFormatTimeSeries
	if q.table {
		format = prometheus.PromQueryFormatTable
	}
	target.Format = &format
	if q.step != "" {
		target.Interval = &q.step
	}
	return *target
}

// panel is a panel before it has a place. Kind is Grafana's name of the visualization.
type panel struct {
	kind, title, description string
	width, height            uint32
	queries                  []query
	options                  any
	defaults                 dashboard.FieldConfig
	overrides                []dashboard.DashboardFieldConfigSourceOverrides
	transformations          []dashboard.DataTransformerConfig
	repeat, timeFrom         string
	maxDataPoints            float64
}

func (p panel) at(id, x, y uint32) dashboard.Panel {
	out := dashboard.Panel{
		Type: p.kind, Id: &id, Title: &p.title, Description: &p.description,
		GridPos: &dashboard.GridPos{H: p.height, W: p.width, X: x, Y: y},
		Options: p.options, Transformations: p.transformations,
	}
	if p.kind != "text" {
		out.Datasource = datasource()
		out.FieldConfig = &dashboard.FieldConfigSource{Defaults: p.defaults, Overrides: p.overrides}
		if p.overrides == nil {
			out.FieldConfig.Overrides = []dashboard.DashboardFieldConfigSourceOverrides{}
		}
	}
	for i, q := range p.queries {
		out.Targets = append(out.Targets, q.target(string(rune('A'+i))))
	}
	if p.repeat != "" {
		out.Repeat, out.RepeatDirection = &p.repeat, new(dashboard.PanelRepeatDirectionV)
	}
	if p.timeFrom != "" {
		out.TimeFrom = &p.timeFrom
	}
	if p.maxDataPoints > 0 {
		out.MaxDataPoints = &p.maxDataPoints
	}
	return out
}

// row is a heading with panels below it. The first of a dashboard has none.
type row struct {
	title     string
	collapsed bool
	panels    []panel
}

// columns is the width of a dashboard.
const columns = 24

// arrange places each panel as high as there is room for it, and then as far left.
func arrange(rows []row) []dashboard.PanelOrRowPanel {
	var list []dashboard.PanelOrRowPanel
	var id, y uint32
	next := func() uint32 {
		id++
		return id
	}
	for _, r := range rows {
		var heading *dashboard.RowPanel
		if r.title != "" {
			heading = dashboard.NewRowPanel()
			heading.Title, heading.Collapsed, heading.Id = &r.title, r.collapsed, next()
			heading.GridPos = &dashboard.GridPos{H: 1, W: columns, Y: y}
			list = append(list, dashboard.PanelOrRowPanel{RowPanel: heading})
			y++
		}
		var bottom [columns]uint32 // Of what is above, by column.
		for x := range bottom {
			bottom[x] = y
		}
		for _, p := range r.panels {
			best, at := ^uint32(0), uint32(0)
			for x := range columns - p.width + 1 {
				if top := slices.Max(bottom[x : x+p.width]); top < best {
					best, at = top, x
				}
			}
			for x := at; x < at+p.width; x++ {
				bottom[x] = best + p.height
			}
			placed := p.at(next(), at, best)
			if r.collapsed {
				heading.Panels = append(heading.Panels, placed)
			} else {
				list = append(list, dashboard.PanelOrRowPanel{Panel: &placed})
			}
		}
		if !r.collapsed { // Else it is as high as its heading.
			y = slices.Max(bottom[:])
		}
	}
	return list
}

// steps are colours from values on; the first is from the beginning on.
type steps struct {
	first string
	then  []dashboard.Threshold
}

func (s steps) from(value float64, color string) steps {
	s.then = append(slices.Clip(s.then), dashboard.Threshold{Value: &value, Color: color})
	return s
}

func (s steps) config() *dashboard.ThresholdsConfig {
	return &dashboard.ThresholdsConfig{
		Mode:  dashboard.ThresholdsModeAbsolute,
		Steps: append([]dashboard.Threshold{{Color: s.first}}, s.then...),
	}
}

// plain is the colour of text.
var plain = steps{first: "text"}

// field is how values are shown.
func field(unit string, s steps) dashboard.FieldConfig {
	return dashboard.FieldConfig{
		Unit: &unit, Thresholds: s.config(), NoValue: new("No data"),
		Color: &dashboard.FieldColor{Mode: dashboard.FieldColorModeIdThresholds},
	}
}

// texts shows a text in place of each value, in the colour of the thresholds.
func texts(of map[string]string) []dashboard.ValueMapping {
	options := make(map[string]dashboard.ValueMappingResult)
	for value, text := range of {
		options[value] = dashboard.ValueMappingResult{Text: &text}
	}
	return []dashboard.ValueMapping{{ValueMap: &dashboard.ValueMap{Type: dashboard.MappingTypeValueToText, Options: options}}}
}

// override sets properties of the fields whose name matches a regular expression.
func override(names string, properties ...dashboard.DynamicConfigValue) dashboard.DashboardFieldConfigSourceOverrides {
	return dashboard.DashboardFieldConfigSourceOverrides{
		Matcher: dashboard.MatcherConfig{Id: "byRegexp", Options: "/^(" + names + ")$/"}, Properties: properties,
	}
}

func property(id string, value any) dashboard.DynamicConfigValue {
	return dashboard.DynamicConfigValue{Id: id, Value: value}
}

func transform(id string, options any) dashboard.DataTransformerConfig {
	return dashboard.DataTransformerConfig{Id: id, Options: options}
}
