// Package image tests the container images: it builds them from their Dockerfiles
// with buildah, and runs what is in them as a container runtime would, as the image's
// user on a root that cannot be written to.
//
// No registry is asked. The bases come in through the Dockerfiles' arguments, made of
// what this machine has: its Go, its shell and make, its certificates. Modules come
// from its module cache.
//
// It needs Linux, root, and Debian's packages buildah and util-linux, so it has the
// build tag "image" and a target of its own: make image-test.
package image
