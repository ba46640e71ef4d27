package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// startAlertmanager starts Alertmanager with a copy of the shipped configuration that
// notifies the receiver without long waits. It returns its address.
func (r *running) startAlertmanager(ctx context.Context, f flags, t tools, shipped string, to *receiver, stdout, stderr io.Writer) (string, error) {
	content, err := os.ReadFile(shipped)
	if err != nil {
		return "", fmt.Errorf("read the shipped routes: %w", err)
	}
	config, err := routesTo(string(content), to.url(), r.folder)
	if err != nil {
		return "", fmt.Errorf("%s: %w", shipped, err)
	}
	err = r.writeFiles(map[string]string{"alertmanager.yml": config, userIDFile: receiverUserID, tokenFile: receiverToken})
	if err != nil {
		return "", err
	}
	address, err := freeAddress(ctx, "Alertmanager", f.alertmanager, stdout)
	if err != nil {
		return "", err
	}
	return address, r.start(ctx, "Alertmanager", t.alertmanager, []string{
		"--config.file=" + filepath.Join(r.folder, "alertmanager.yml"),
		"--storage.path=" + filepath.Join(r.folder, "alertmanager"),
		"--web.listen-address=" + address,
		"--web.external-url=http://" + address,
		"--cluster.listen-address=", // Alone.
		"--log.level=error",
	}, address, stderr)
}

// start starts a program of the stack and waits until it is ready.
func (r *running) start(ctx context.Context, name, binary string, args []string, address string, stderr io.Writer) error {
	p, err := startProcess(name, binary, args, nil, stderr)
	if err != nil {
		return err
	}
	r.processes = append(r.processes, p)
	return p.waitReady(ctx, "http://"+address+"/-/ready")
}

// The files of the receiver's account, in the demo's folder.
const (
	userIDFile = "receiver_user_id"
	tokenFile  = "receiver_token"
)

// The shipped waiting times are for people, who want few notifications.
const (
	groupWait     = "5s"
	groupInterval = "15s"
)

// routesTo is the shipped configuration of Alertmanager with a receiver's address, the
// files of its account, and shorter waiting times. All else stays.
func routesTo(shipped, receiver, folder string) (string, error) {
	for _, r := range []struct{ shipped, here string }{
		{"https://chat.example.com", receiver},
		{"https://alerts.example.com/livechat", receiver + webhookPath},
		{"/run/secrets/alertmanager_rocketchat_user_id", filepath.ToSlash(filepath.Join(folder, userIDFile))},
		{"/run/secrets/alertmanager_rocketchat_token", filepath.ToSlash(filepath.Join(folder, tokenFile))},
		{"group_wait: 30s", "group_wait: " + groupWait},
		{"group_interval: 5m", "group_interval: " + groupInterval},
	} {
		if !strings.Contains(shipped, r.shipped) {
			return "", fmt.Errorf("there is no %q to replace", r.shipped)
		}
		shipped = strings.ReplaceAll(shipped, r.shipped, r.here)
	}
	return shipped, nil
}
