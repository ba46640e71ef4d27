package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/version"

	"livechat_exporter/internal/config"
	"livechat_exporter/internal/reload"
	"livechat_exporter/internal/server"
)

// handler serves what runs, and puts a new configuration in its place.
type handler struct {
	*server.Server
	reloader *reload.Reloader
}

// newHandler runs the configuration, and wires the parts behind the HTTP server
// together.
func newHandler(
	ctx context.Context, f *flags, cfg *config.Config, lookupEnv func(string) (string, bool), running *workspaces, logger log.Logger,
) (*handler, error) {
	h := &handler{}
	h.reloader = reload.New(reload.Options{
		Load: func(ctx context.Context) (func(), error) {
			next, err := config.Load(f.configFile, lookupEnv)
			if err != nil {
				return nil, err //nolint:wrapcheck // It names the file.
			}
			run, err := running.prepare(ctx, next)
			if err != nil {
				return nil, err
			}
			return func() {
				h.Replace(run())
				logCosts(logger, next)
			}, nil
		},
		Now:    time.Now,
		Logger: logger,
	})
	registry := prometheus.NewRegistry()
	registry.MustRegister(versioncollector.NewCollector(name), h.reloader)
	if !f.disableExporterMetrics {
		registry.MustRegister(
			collectors.NewGoCollector(),
			collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	}
	options := server.Options{
		Exporter:          registry,
		MetricsPath:       f.metricsPath,
		TimeoutOffset:     f.timeoutOffset,
		MaxRequests:       f.maxRequests,
		Version:           version.Info(),
		InstrumentHandler: !f.disableExporterMetrics,
		EnableProfiles:    f.enablePprof,
		Now:               time.Now,
		Logger:            logger,
	}
	if f.enableLifecycle {
		options.Reload = h.reloader.Reload
	}
	run, err := running.prepare(ctx, cfg)
	if err != nil {
		return nil, err
	}
	h.Server, err = server.New(options, run())
	if err != nil {
		return nil, fmt.Errorf("--web.telemetry-path: %w", err)
	}
	return h, nil
}

// reloadOnHangup reloads the configuration at each SIGHUP until ctx ends.
func (h *handler) reloadOnHangup(ctx context.Context) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-hangup:
			_ = h.reloader.Reload(ctx) // It logs how that ended.
		case <-ctx.Done():
			return
		}
	}
}
