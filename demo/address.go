package main

import (
	"context"
	"fmt"
	"io"
	"net"
)

// listen listens on an address, or, where that cannot be had, on a free port of the
// same host, and prints that.
func listen(ctx context.Context, who, address string, out io.Writer) (net.Listener, error) {
	var config net.ListenConfig
	listener, taken := config.Listen(ctx, "tcp", address)
	if taken == nil {
		return listener, nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("read an address of %s: %w", who, err)
	}
	if listener, err = config.Listen(ctx, "tcp", net.JoinHostPort(host, "0")); err != nil {
		return nil, fmt.Errorf("listen for %s: %w", who, taken)
	}
	fmt.Fprintf(out, "%s cannot be had (%v): %s takes %s instead.\n", address, taken, who, listener.Addr())
	return listener, nil
}

// freeAddress is an address that listen would take, for a program that listens by
// itself.
func freeAddress(ctx context.Context, who, address string, out io.Writer) (string, error) {
	listener, err := listen(ctx, who, address, out)
	if err != nil {
		return "", err
	}
	if err := listener.Close(); err != nil {
		return "", fmt.Errorf("free %s: %w", listener.Addr(), err)
	}
	return listener.Addr().String(), nil
}
