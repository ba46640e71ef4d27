package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"livechat_exporter/demo/traffic"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// served is a simulated workspace with a server before it.
type served struct {
	*rocketchattest.Workspace
	address string       // where it listens
	began   time.Time    // when
	failed  <-chan error // why it serves no longer
	close   func()       // ends it at once
}

// serveWorkspace serves the simulated workspace of a company. It has new chats until
// ctx ends.
func serveWorkspace(ctx context.Context, address string, company traffic.Generator, stdout io.Writer) (served, error) {
	listener, err := listen(ctx, "the workspace", address, stdout)
	if err != nil {
		return served{}, err
	}
	workspace := simulate(ctx, company)
	server := &http.Server{Handler: workspace, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	return served{
		Workspace: workspace,
		address:   listener.Addr().String(),
		began:     time.Now(),
		failed:    failed,
		close:     func() { _ = server.Close() },
	}, nil
}

// workspaceOnly is demo without an exporter: for an exporter of the user's own, as
// one in a container.
func workspaceOnly(ctx context.Context, f flags, _ builder, stdout, _ io.Writer) error {
	workspace, err := serveWorkspace(ctx, f.workspace, company(f.seed, traffic.Departments()), stdout)
	if err != nil {
		return err
	}
	defer workspace.close()
	r := report{workspace: workspace.address, departments: len(workspace.Departments()), seed: f.seed}
	r.writeWorkspace(stdout)
	r.writeAccount(stdout)
	select {
	case <-ctx.Done():
		return nil
	case err := <-workspace.failed:
		return fmt.Errorf("serve the workspace: %w", err)
	}
}
