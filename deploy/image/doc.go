// Package image tests the container images: it builds them from their Dockerfiles with
// buildah, and runs their commands as the image's user with the image as the root.
//
// It works without a registry: the bases consist of this machine's Go, shell, make and
// certificates, and the modules come from its module cache.
//
// It needs Linux, root and Debian's package buildah, so it has the build tag "image" and
// the target "make image-test".
package image
