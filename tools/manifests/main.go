// Command manifests writes what the Kubernetes manifests take from elsewhere in the
// repository: the PrometheusRule of the rules for Prometheus, and the lists of what
// there is. It is run by "make manifests" in this folder; a test fails where what it
// would write is not what is there.
//
// The tests of this folder hold all that other programs shall read, manifests,
// Compose files and workflows, against those programs' own types and schemas. They are
// a module of their own, because what they need is many times what the exporter needs.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if err := write(filepath.Join("..", ".."), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "manifests:", err)
		os.Exit(1)
	}
}

// write writes the generated files of a repository and removes those that are not
// generated any longer.
func write(root string, stdout io.Writer) error {
	files, err := generate(root)
	if err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if content == nil {
			if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
				return fmt.Errorf("remove what has no source: %w", err)
			}
			continue
		}
		if err := os.WriteFile(path, content, 0o644); err != nil { //nolint:gosec // G306: it is no secret.
			return fmt.Errorf("write a manifest: %w", err)
		}
		fmt.Fprintln(stdout, name)
	}
	return nil
}
