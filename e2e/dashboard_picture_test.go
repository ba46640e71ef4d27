package e2e

import (
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The README shows each dashboard on both themes: one screen, quick to load.
func TestDashboardsHavePictures(t *testing.T) {
	t.Parallel()
	for name := range dashboards(t) {
		for _, theme := range []string{"dark", "light"} {
			file := filepath.Join("..", "docs", "pictures", strings.TrimPrefix(name, "livechat-")+"-"+theme+".png")
			f, err := os.Open(file)
			if err != nil {
				t.Error(err)
				continue
			}
			picture, err := png.DecodeConfig(f)
			info, statErr := f.Stat()
			if err != nil || statErr != nil {
				t.Errorf("%s: %v, %v", file, err, statErr)
			} else if picture.Width != 1920 || picture.Height != 1080 || info.Size() > 400<<10 {
				t.Errorf("%s has %d x %d pixels and %d bytes, want 1920 x 1080 and 400 KiB at most", file, picture.Width, picture.Height, info.Size())
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
