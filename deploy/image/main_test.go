//go:build image

package image

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// What the images under test are told at build time that they are.
const (
	version  = "1.2.3-image"
	revision = "0123456789abcdef0123456789abcdef01234567"
)

// The names of the images in the store.
const (
	exporterImage  = "localhost/livechat_exporter"
	workspaceImage = "localhost/livechat_exporter-demo"
)

// repository is the root of the sources, which is the context of both builds.
const repository = "../.."

// images is where the images are, the same for all tests.
var images store

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	folder, err := os.MkdirTemp("", "livechat_exporter-image-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := os.RemoveAll(folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	if err := prepare(context.Background(), folder); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// prepare makes the bases and builds both images on them.
func prepare(ctx context.Context, folder string) error {
	images = store{folder: folder}
	if err := makeBases(ctx, images, folder); err != nil {
		return err
	}
	machine, err := goEnvironment(ctx)
	if err != nil {
		return err
	}
	arguments := []string{
		"build", "--pull=never",
		"--volume=" + machine.GOROOT + ":" + goInImage + ":ro",
		"--volume=" + machine.GOMODCACHE + "/cache/download:" + modulesInImage + ":ro",
		"--volume=" + machine.GOCACHE + ":" + buildCacheInImage,
		"--build-arg=BUILD_IMAGE=" + buildBase, "--build-arg=RUN_IMAGE=" + runBase,
		"--build-arg=TARGETOS=" + machine.GOOS, "--build-arg=TARGETARCH=" + machine.GOARCH,
	}
	_, err = images.buildah(ctx, append(arguments,
		"--build-arg=VERSION="+version, "--build-arg=REVISION="+revision,
		"--tag="+exporterImage, repository)...)
	if err != nil {
		return err
	}
	_, err = images.buildah(ctx, append(arguments,
		"--file="+repository+"/demo/Dockerfile", "--ignorefile="+repository+"/demo/Dockerfile.dockerignore",
		"--tag="+workspaceImage, repository)...)
	return err
}
