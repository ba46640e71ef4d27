package e2e

import "slices"

// The types of metrics.
const (
	gaugeKind     = "gauge"
	counterKind   = "counter"
	histogramKind = "histogram"
)

// metric is what a query has to know of a metric.
type metric struct {
	kind   string
	labels []string
}

// metrics are what dashboards may ask for: those of the exporter, and those that
// Prometheus and the libraries add.
var metrics = map[string]metric{
	"livechat_department_abandoned_rooms":                  {gaugeKind, []string{"department_id", "window"}},
	"livechat_department_abandonments_total":               {counterKind, []string{"department_id"}},
	"livechat_abandonments_period_start_timestamp_seconds": {gaugeKind, nil},
	"livechat_department_rooms":                            {gaugeKind, []string{"department_id", "window"}},
	"livechat_department_info":                             {gaugeKind, []string{"department_id", "department"}},
	"livechat_department_enabled":                          {gaugeKind, []string{"department_id"}},
	"livechat_department_agents":                           {gaugeKind, []string{"department_id"}},
	"livechat_up":                                          {gaugeKind, nil},
	"livechat_refresh_success":                             {gaugeKind, []string{"resource", "window"}},
	"livechat_refresh_timestamp_seconds":                   {gaugeKind, []string{"resource", "window"}},
	"livechat_refresh_complete":                            {gaugeKind, []string{"resource", "window"}},
	"livechat_window_start_timestamp_seconds":              {gaugeKind, []string{"resource", "window"}},
	"livechat_window_end_timestamp_seconds":                {gaugeKind, []string{"resource", "window"}},
	"livechat_visitor_inactivity_timeout_seconds":          {gaugeKind, nil},
	"livechat_api_requests_total":                          {counterKind, []string{"route", "outcome"}},
	"livechat_api_request_duration_seconds":                {histogramKind, []string{"route"}},
	"livechat_api_request_duration_seconds_bucket":         {counterKind, []string{"route", "le"}},
	"livechat_api_request_duration_seconds_sum":            {counterKind, []string{"route"}},
	"livechat_api_request_duration_seconds_count":          {counterKind, []string{"route"}},
	"livechat_api_calls_deferred_total":                    {counterKind, []string{"route"}},
	"livechat_api_rate_limit_remaining":                    {gaugeKind, []string{"route"}},

	"livechat_exporter_build_info":                                   {gaugeKind, []string{"version", "revision", "branch", "goversion", "goos", "goarch", "tags"}},
	"livechat_exporter_config_last_reload_successful":                {gaugeKind, nil},
	"livechat_exporter_config_last_reload_success_timestamp_seconds": {gaugeKind, nil},

	"go_goroutines":                 {gaugeKind, nil},
	"go_memstats_heap_inuse_bytes":  {gaugeKind, nil},
	"process_cpu_seconds_total":     {counterKind, nil},
	"process_resident_memory_bytes": {gaugeKind, nil},
	"process_start_time_seconds":    {gaugeKind, nil},

	"up":                      {gaugeKind, nil},
	"scrape_duration_seconds": {gaugeKind, nil},
	"scrape_timeout_seconds":  {gaugeKind, nil},
	"ALERTS":                  {gaugeKind, []string{"alertname", "alertstate", "severity", "department_id"}},
}

// labelsOfSeries are the labels of a metric's series, those of the target included.
func labelsOfSeries(name string) []string {
	return append(slices.Clone(metrics[name].labels), "job", "instance")
}
