package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/text"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// lastValue takes the last value of a series.
func lastValue() common.ReduceDataOptions {
	return common.ReduceDataOptions{Calcs: []string{"lastNotNull"}, Fields: new(""), Values: new(false)}
}

// statOptions are those of large texts.
func statOptions(mode common.BigValueTextMode, color common.BigValueColorMode) *stat.Options {
	o := stat.NewOptions()
	o.TextMode, o.ColorMode = mode, color
	o.GraphMode, o.JustifyMode = common.BigValueGraphModeNone, common.BigValueJustifyModeCenter
	o.ReduceOptions, o.Orientation = lastValue(), common.VizOrientationAuto
	return o
}

// sentence is a panel that is one sentence on a colour: of the results of its queries the
// one with the highest value. The legend is the sentence, and the value chooses the colour.
func sentence(title, description string, height uint32, colors steps, queries []query) panel {
	o := statOptions(common.BigValueTextModeName, common.BigValueColorModeBackgroundSolid)
	o.Text = &common.VizTextDisplayOptions{ValueSize: new(13 * float64(height-1))} // A long one has two lines.
	o.ReduceOptions = common.ReduceDataOptions{Calcs: []string{}, Fields: new("/^Last \\*$/"), Values: new(true), Limit: new(1.0)}
	return panel{
		kind: "stat", title: title, description: description, width: columns, height: height, queries: queries, options: o,
		defaults: field("none", colors),
		transformations: []dashboard.DataTransformerConfig{
			transform("reduce", map[string]any{"reducers": []string{"lastNotNull"}}),
			transform("sortBy", map[string]any{"fields": map[string]any{}, "sort": []map[string]any{{"field": "Last *", "desc": true}}}),
			transform("limit", map[string]any{"limitField": 1}),
		},
	}
}

// number is a panel with a number below a text.
func number(title, description string, width uint32, unit string, s steps, mode common.BigValueColorMode, queries ...query) panel {
	o := statOptions(common.BigValueTextModeValueAndName, mode)
	o.WideLayout = false
	p := panel{
		kind: "stat", title: title, description: description, width: width, height: 4, queries: queries,
		options: o, defaults: field(unit, s),
	}
	return sized(p, 44)
}

// sized is the panel of number with another size of its value.
func sized(p panel, value float64) panel {
	if o, ok := p.options.(*stat.Options); ok {
		o.Text = &common.VizTextDisplayOptions{TitleSize: new(20.0), ValueSize: &value}
	}
	return p
}

// bars is a panel with a bar for each row of a table that has one column of numbers.
func bars(p panel, size float64, rows int) panel {
	o := bargauge.NewOptions()
	o.DisplayMode, o.ValueMode = common.BarGaugeDisplayModeLcd, common.BarGaugeValueModeHidden
	o.NamePlacement, o.Orientation = common.BarGaugeNamePlacementTop, common.VizOrientationHorizontal
	o.ShowUnfilled = true
	o.Sizing, o.MinVizHeight, o.MaxVizHeight, o.MinVizWidth = common.BarGaugeSizingManual, 16, 58, 8
	o.Legend.ShowLegend = false
	o.ReduceOptions = common.ReduceDataOptions{Calcs: []string{}, Fields: new(""), Values: new(true), Limit: new(float64(rows))}
	o.Text = &common.VizTextDisplayOptions{TitleSize: &size, ValueSize: &size}
	p.kind, p.options = "bargauge", o
	return p
}

// lines is a panel of lines over time.
func lines(title, description string, width, height uint32, unit string, queries ...query) panel {
	legend := common.NewVizLegendOptions()
	legend.ShowLegend, legend.Calcs = true, []string{}
	p := panel{
		kind: "timeseries", title: title, description: description, width: width, height: height, queries: queries,
		options: &timeseries.Options{
			Legend:  *legend,
			Tooltip: common.VizTooltipOptions{Mode: common.TooltipDisplayModeMulti, Sort: common.SortOrderDescending},
		},
		defaults: field(unit, plain),
	}
	p.defaults.Color = &dashboard.FieldColor{Mode: dashboard.FieldColorModeIdPaletteClassic}
	p.defaults.Min = new(0.0)
	least := 1.0
	if unit == "percentunit" {
		least = 0.01
	}
	p.defaults.Custom = graph(least, common.GraphThresholdsStyleModeOff)
	return p
}

// graph is how lines are drawn, on an axis that reaches to a value at least.
func graph(top float64, thresholds common.GraphThresholdsStyleMode) *common.GraphFieldConfig {
	return &common.GraphFieldConfig{
		DrawStyle: new(common.GraphDrawStyleLine), LineInterpolation: new(common.LineInterpolationLinear), LineWidth: new(2.0),
		FillOpacity: new(0.0), ShowPoints: new(common.VisibilityModeNever), SpanNulls: &common.BoolOrFloat64{Bool: new(false)},
		AxisPlacement: new(common.AxisPlacementAuto), AxisBorderShow: new(false), AxisSoftMax: &top,
		ThresholdsStyle: &common.GraphThresholdsStyleConfig{Mode: thresholds},
	}
}

// limit draws a threshold of a panel of lines.
func limit(p panel, s steps) panel {
	p.defaults.Thresholds = s.config()
	p.defaults.Custom = graph(1.25**s.then[0].Value, common.GraphThresholdsStyleModeDashed)
	return p
}

// dashed are properties of a line that others are compared with.
func dashed(color string) []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{
		property("custom.lineStyle", map[string]any{"dash": []int{8, 8}, "fill": "dash"}),
		property("color", map[string]any{"mode": "fixed", "fixedColor": color}),
		property("custom.lineWidth", 1),
	}
}

// tableOf is a panel that is a table.
func tableOf(p panel, unit, sortBy string) panel {
	o := table.NewOptions()
	o.CellHeight, o.Footer = new(common.TableCellHeightSm), nil
	if sortBy != "" {
		o.SortBy = []common.TableSortByFieldState{{DisplayName: sortBy, Desc: new(true)}}
	}
	p.kind, p.options, p.defaults = "table", o, field(unit, plain)
	p.defaults.Decimals, p.defaults.NoValue = new(0.0), new("–")
	return p
}

// states is a panel of states over time.
func states(title, description string, width, height uint32, of map[string]string, s steps, queries ...query) panel {
	o := statetimeline.NewOptions()
	o.RowHeight, o.ShowValue, o.MergeValues = 0.85, common.VisibilityModeAuto, new(true)
	o.AlignValue = new(common.TimelineValueAlignmentLeft)
	o.Legend.ShowLegend, o.Legend.Calcs = true, []string{}
	o.Tooltip = common.VizTooltipOptions{Mode: common.TooltipDisplayModeSingle, Sort: common.SortOrderNone}
	p := panel{
		kind: "state-timeline", title: title, description: description, width: width, height: height, queries: queries,
		options: o, defaults: field("none", s),
	}
	p.defaults.Mappings = texts(of)
	p.defaults.Custom = map[string]any{"fillOpacity": 80, "lineWidth": 0}
	return p
}

// markdown is a panel of text.
func markdown(title, description string, width, height uint32, content string) panel {
	return panel{
		kind: "text", title: title, description: description, width: width, height: height,
		options: &text.Options{Mode: text.TextModeMarkdown, Content: content},
	}
}
