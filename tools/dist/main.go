// Command dist makes the archives of a release: the exporter for each platform, with
// what belongs to it, and a file of checksums. It is run by "make dist".
//
// The same sources, the same Go and the same flags give the same bytes: files stand in
// the order of their names, belong to nobody, and are as old as -time says.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// name is the program's.
const name = "livechat_exporter"

// options are the command line.
type options struct {
	version   string
	ldflags   string
	time      time.Time
	out       string
	contents  []string // files and folders that go into every archive beside the program
	platforms []platform
}

// platform is what a program runs on.
type platform struct{ os, arch string }

func main() {
	o, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = dist(o, goBuild, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

// parse reads the command line.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	var (
		seconds  int64
		contents string
	)
	flags := flag.NewFlagSet("dist", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.version, "version", "", "of the release, as a part of each file's `name`")
	flags.StringVar(&o.ldflags, "ldflags", "", "the linker's `flags`")
	flags.Int64Var(&seconds, "time", 0, "how old the files are, in `seconds` since 1970")
	flags.StringVar(&contents, "contents", "", "the files and folders to put beside the program, `names` with spaces between")
	flags.StringVar(&o.out, "out", "dist", "the `folder` to write to")
	if err := flags.Parse(args); err != nil {
		return options{}, err //nolint:wrapcheck // The message is for the user, as it is.
	}
	o.time = time.Unix(seconds, 0).UTC()
	if o.version == "" || strings.ContainsAny(o.version, `/\`) {
		return options{}, fmt.Errorf("%q cannot be the -version of a release", o.version)
	}
	// Zip's times begin in 1980.
	if o.time.Year() < 1980 {
		return options{}, fmt.Errorf("-time is %s, and has to be the time of the release's commit", o.time.Format(time.DateOnly))
	}
	for _, arg := range flags.Args() {
		system, arch, ok := strings.Cut(arg, "/")
		if !ok {
			return options{}, fmt.Errorf("%q is no platform, as linux/amd64 is", arg)
		}
		o.platforms = append(o.platforms, platform{system, arch})
	}
	o.contents = strings.Fields(contents)
	if len(o.platforms) == 0 {
		return options{}, errors.New("no platforms")
	}
	return o, nil
}

// builder builds the program for a platform into a file.
type builder func(p platform, ldflags, file string) error

// goBuild is a builder of the module in the current folder.
func goBuild(p platform, ldflags, file string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", ldflags, "-o", file, ".") //nolint:gosec,noctx // G204: it is run by make.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build for %s/%s: %w", p.os, p.arch, err)
	}
	return nil
}

// dist makes the archives and the checksums in an empty folder, and prints the names of
// the files.
func dist(o options, build builder, stdout io.Writer) error {
	if err := os.RemoveAll(o.out); err != nil {
		return fmt.Errorf("empty the folder: %w", err)
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil { //nolint:gosec // G301: what is in it is for everybody.
		return fmt.Errorf("make the folder: %w", err)
	}
	shared, err := collect(o.contents)
	if err != nil {
		return err
	}
	var archives []string
	for _, p := range o.platforms {
		var archive string
		if archive, err = one(o, p, build, shared); err != nil {
			return err
		}
		fmt.Fprintln(stdout, archive)
		archives = append(archives, archive)
	}
	file, err := writeChecksums(o.out, archives)
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, file)
	return nil
}

// one makes the archive of one platform and returns its name.
func one(o options, p platform, build builder, shared []entry) (string, error) {
	program, format := name, writeTarGz
	base := fmt.Sprintf("%s-%s.%s-%s", name, o.version, p.os, p.arch)
	suffix := ".tar.gz"
	if p.os == "windows" {
		program, format, suffix = name+".exe", writeZip, ".zip"
	}
	folder, err := os.MkdirTemp("", name+"-dist-")
	if err != nil {
		return "", fmt.Errorf("make a folder for the program: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }() // It is the system's folder for what may stay behind.
	built := filepath.Join(folder, program)
	if err := build(p, o.ldflags, built); err != nil {
		return "", err
	}
	entries := append([]entry{{name: program, source: built, executable: true}}, shared...)
	archive := filepath.Join(o.out, base+suffix)
	if err := writeArchive(archive, base, o.time, entries, format); err != nil {
		return "", err
	}
	return archive, nil
}
