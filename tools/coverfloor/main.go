// Command coverfloor reads the coverage profile that "go test -coverprofile" wrote
// and fails if the statements of a package are covered less than a floor. It prints
// the figure of every package of the profile, and holds those to the floor that one
// of its arguments names, by their import path or by a folder above it.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit code: 0 if all is well, 1 if a package is below the floor, 2
// if the question could not be answered.
func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("coverfloor", flag.ContinueOnError)
	flags.SetOutput(stderr)
	floor := flags.Float64("floor", 0, "the least share of covered statements, in per cent")
	file := flags.String("profile", "coverage.out", "the profile to read")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	packages, err := readProfile(*file)
	if err != nil {
		fmt.Fprintln(stderr, "coverfloor:", err)
		return 2
	}
	below, err := report(stdout, packages, flags.Args(), *floor)
	if err != nil {
		fmt.Fprintln(stderr, "coverfloor:", err)
		return 2
	}
	if len(below) > 0 {
		fmt.Fprintf(stderr, "coverfloor: less than %g %% of the statements are covered in %s\n", *floor, strings.Join(below, ", "))
		return 1
	}
	return 0
}

func readProfile(file string) (map[string]share, error) {
	profile, err := os.ReadFile(file) //nolint:gosec // The caller's own file, which is all it is for.
	if err != nil {
		return nil, fmt.Errorf("read coverage profile: %w", err)
	}
	packages, err := parseProfile(bytes.NewReader(profile))
	if err != nil {
		return nil, fmt.Errorf("parse coverage profile %s: %w", file, err)
	}
	return packages, nil
}

// report writes one line for each package, and returns those below the floor among
// the packages that the prefixes hold to it. A prefix without a package is an error:
// a folder that was renamed must not escape its floor.
func report(w io.Writer, packages map[string]share, prefixes []string, floor float64) (below []string, err error) {
	found := make(map[string]bool, len(prefixes))
	fmt.Fprintf(w, "covered statements, floor %g %%:\n", floor)
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		held := "no floor"
		for _, prefix := range prefixes {
			if name == prefix || strings.HasPrefix(name, prefix+"/") {
				found[prefix] = true
				held = "above"
				if packages[name].percent() < floor {
					held = "BELOW"
					below = append(below, name)
				}
				break
			}
		}
		s := packages[name]
		fmt.Fprintf(w, "%6.1f %%  %-8s  %s (%d of %d)\n", s.percent(), held, name, s.covered, s.statements)
	}
	for _, prefix := range prefixes {
		if !found[prefix] {
			return nil, fmt.Errorf("no package at or below %s in the profile", prefix)
		}
	}
	return below, nil
}
