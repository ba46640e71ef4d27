package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// entry is a file of an archive.
type entry struct {
	name       string // with slashes
	source     string
	executable bool
}

func (e entry) mode() fs.FileMode {
	if e.executable {
		return 0o755
	}
	return 0o644
}

// collect lists the files of names, which can be folders, without what is only for
// development. A name that is not there is an error: a release without its dashboards
// is none.
func collect(names []string) ([]entry, error) {
	var entries []entry
	for _, name := range names {
		err := filepath.WalkDir(filepath.FromSlash(name), func(file string, found fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case found.IsDir() && (found.Name() == "testdata" || found.Name() == "tests"):
				return fs.SkipDir
			case found.IsDir() || path.Ext(file) == ".go":
				return nil
			case !found.Type().IsRegular():
				return fmt.Errorf("%s is not a file", file)
			}
			entries = append(entries, entry{name: filepath.ToSlash(file), source: file})
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("collect what goes into an archive: %w", err)
		}
	}
	return entries, nil
}

// format writes an archive of files below a folder, all of one age.
type format func(to io.Writer, folder string, at time.Time, entries []entry) error

// writeArchive writes an archive to a file, in the order of the names.
func writeArchive(file, folder string, at time.Time, entries []entry, write format) error {
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	to, err := os.Create(file) //nolint:gosec // G304: it is the name of the release.
	if err != nil {
		return fmt.Errorf("make an archive: %w", err)
	}
	if err := errors.Join(write(to, folder, at, entries), to.Close()); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}

// writeTarGz is the format of systems like Unix.
func writeTarGz(to io.Writer, folder string, at time.Time, entries []entry) error {
	zipped, err := gzip.NewWriterLevel(to, gzip.BestCompression)
	if err != nil {
		return err //nolint:wrapcheck // writeArchive says what was written.
	}
	archive := tar.NewWriter(zipped)
	for _, e := range entries {
		content, err := os.ReadFile(e.source)
		if err != nil {
			return err //nolint:wrapcheck // It names the file.
		}
		header := &tar.Header{
			Format: tar.FormatUSTAR, Typeflag: tar.TypeReg,
			Name: path.Join(folder, e.name), Size: int64(len(content)), Mode: int64(e.mode()), ModTime: at,
		}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		if _, err := archive.Write(content); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
	}
	return errors.Join(archive.Close(), zipped.Close())
}

// writeZip is the format of Windows.
func writeZip(to io.Writer, folder string, at time.Time, entries []entry) error {
	archive := zip.NewWriter(to)
	for _, e := range entries {
		content, err := os.ReadFile(e.source)
		if err != nil {
			return err //nolint:wrapcheck // It names the file.
		}
		header := &zip.FileHeader{Name: path.Join(folder, e.name), Method: zip.Deflate, Modified: at}
		header.SetMode(e.mode())
		file, err := archive.CreateHeader(header)
		if err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		if _, err := file.Write(content); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
	}
	return archive.Close() //nolint:wrapcheck // writeArchive says what was written.
}

// writeChecksums writes the checksums of files of a folder, as sha256sum --check reads
// them, and returns the name of the file.
func writeChecksums(folder string, files []string) (string, error) {
	var sums strings.Builder
	for _, file := range files {
		content, err := os.ReadFile(file) //nolint:gosec // G304: it was just written.
		if err != nil {
			return "", fmt.Errorf("read an archive: %w", err)
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(content), filepath.Base(file))
	}
	to := filepath.Join(folder, "sha256sums.txt")
	if err := os.WriteFile(to, []byte(sums.String()), 0o644); err != nil { //nolint:gosec // G306: it is for everybody.
		return "", fmt.Errorf("write the checksums: %w", err)
	}
	return to, nil
}
