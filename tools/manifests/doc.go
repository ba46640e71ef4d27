// Package manifests tests the Helm chart, the Compose files and the workflows with the types
// and schemas of the programs that read them. It is a module of its own, because its
// dependencies are many times those of the exporter. "make manifests-test" runs it.
package manifests
