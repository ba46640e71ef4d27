package server

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
)

// The server's paths, but for that of the exporter's own metrics, which is an option.
const (
	landingPath   = "/"
	probePath     = "/probe"
	discoveryPath = "/sd"
	healthyPath   = "/-/healthy"
	readyPath     = "/-/ready"
	reloadPath    = "/-/reload"
	configPath    = "/config"
	profilesPath  = "/debug/pprof/" // And all below.
)

// checkMetricsPath fails if the path would not lead to the page of metrics.
func checkMetricsPath(metricsPath string) error {
	switch {
	case !strings.HasPrefix(metricsPath, "/") || path.Clean(metricsPath) != metricsPath:
		return fmt.Errorf("the path of the metrics, %q, must begin with a slash and have no empty, . or .. parts", metricsPath)
	case strings.ContainsFunc(metricsPath, func(r rune) bool {
		return !strings.ContainsRune("/-_.~", r) && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	}):
		return fmt.Errorf("the path of the metrics, %q, may hold only letters, digits and /-_.~", metricsPath)
	case strings.HasPrefix(metricsPath+"/", profilesPath),
		slices.Contains([]string{landingPath, probePath, discoveryPath, healthyPath, readyPath, reloadPath, configPath}, metricsPath):
		return fmt.Errorf("the path of the metrics, %q, is taken by another page", metricsPath)
	}
	return nil
}
