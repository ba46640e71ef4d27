package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
)

// share is how many of a package's statements were run.
type share struct {
	covered, statements int
}

// percent is 100 for a package without statements: there is nothing left to cover.
func (s share) percent() float64 {
	if s.statements == 0 {
		return 100
	}
	return 100 * float64(s.covered) / float64(s.statements)
}

// block is a run of statements without a branch, as the profile counts them.
type block struct {
	statements int
	run        bool
}

// parseProfile returns the covered share of each package, by import path. Its
// format is cmd/cover's: a line "mode: ...", then for each block
// "file:line.column,line.column statements count". A block that stands there more
// than once, because the tests of several packages ran it, is counted once.
func parseProfile(r io.Reader) (map[string]share, error) {
	lines := bufio.NewScanner(r)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "mode: ") {
		return nil, errors.New(`line 1: does not begin with "mode: "`)
	}
	blocks := make(map[string]block)
	for number := 2; lines.Scan(); number++ {
		position, b, err := parseBlock(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		b.run = b.run || blocks[position].run
		blocks[position] = b
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read line: %w", err)
	}
	return sumByPackage(blocks), nil
}

func parseBlock(line string) (position string, b block, err error) {
	fields := strings.Fields(line)
	if len(fields) != 3 || !strings.Contains(fields[0], ":") {
		return "", block{}, fmt.Errorf("%q is not a position, a number of statements and a count", line)
	}
	statements, err := strconv.Atoi(fields[1])
	if err != nil {
		return "", block{}, fmt.Errorf("number of statements: %w", err)
	}
	count, err := strconv.ParseUint(fields[2], 10, 64)
	if err != nil {
		return "", block{}, fmt.Errorf("count: %w", err)
	}
	return fields[0], block{statements: statements, run: count > 0}, nil
}

func sumByPackage(blocks map[string]block) map[string]share {
	packages := make(map[string]share)
	for position, b := range blocks {
		name := path.Dir(position[:strings.LastIndex(position, ":")])
		s := packages[name]
		s.statements += b.statements
		if b.run {
			s.covered += b.statements
		}
		packages[name] = s
	}
	return packages
}
