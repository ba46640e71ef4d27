// Command alertsim runs the shipped rules, in Prometheus' own rule engine, over simulated
// chats, and prints how often they notify for nothing and what they see.
//
//	go run . --months=100
//	go run . --chats=80 --share=0.06 --departments=4
//
// Inhibition and grouping are those of the shipped configuration of Alertmanager.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"time"

	"github.com/alecthomas/kingpin/v2"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := program(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "alertsim:", err)
		os.Exit(1)
	}
}

// settings are the flags.
type settings struct {
	files

	months   int
	weeks    int
	seed     uint64
	interval time.Duration
	own      desk
	closing  string
	match    *regexp.Regexp
}

func program(ctx context.Context, args []string, out io.Writer) error {
	var s settings
	app := kingpin.New("alertsim", "Runs the shipped rules over simulated chats.").UsageWriter(out)
	app.Flag("rules", "The file of rules.").Default("../../alerts/livechat.rules.yml").StringVar(&s.rules)
	app.Flag("routes", "The configuration of Alertmanager.").Default("../../alerts/alertmanager.yml").StringVar(&s.routes)
	app.Flag("months", "Months of 30 days of each department, at least.").Default("100").IntVar(&s.months)
	app.Flag("weeks", "Weeks of each workspace that are judged, after three that are not.").Default("12").IntVar(&s.weeks)
	app.Flag("seed", "Another seed makes other chats.").Default("1").Uint64Var(&s.seed)
	app.Flag("evaluation-interval", "How often the rules are evaluated.").Default("15m").DurationVar(&s.interval)
	app.Flag("match", "Only what is so named in the first two columns of the tables.").Default("").RegexpVar(&s.match)
	app.Flag("chats", "Chats of a department on a working day. With it, only this desk is simulated.").Float64Var(&s.own.chats)
	app.Flag("share", "Share of the chats that are abandoned.").Default("0.05").Float64Var(&s.own.share)
	app.Flag("departments", "Departments of the workspace.").Default("1").IntVar(&s.own.departments)
	app.Flag("day-variation", "Coefficient of variation of the chats of a day.").Default("0.2").Float64Var(&s.own.dayCV)
	app.Flag("share-variation", "Coefficient of variation of the share of a day.").Default("0").Float64Var(&s.own.shareCV)
	app.Flag("closing", "How chats of silent visitors are closed: \"automatic\" or together at the \"shift end\".").
		Default(string(automatic)).EnumVar(&s.closing, string(automatic), string(shiftEnd))
	if _, err := app.Parse(args); err != nil {
		return fmt.Errorf("parse the flags: %w", err)
	}
	s.own.closing = closing(s.closing)
	if s.months < 1 || s.weeks < 1 || s.interval < scrapeInterval || s.interval%scrapeInterval != 0 {
		return errors.New("months and weeks are 1 at least, and the evaluation interval is a number of minutes")
	}
	quiet, rising := quietDesks, risingDesks
	if s.own.chats > 0 {
		quiet, rising = s.own.scenarios()
	}
	return s.report(ctx, quiet, rising, out)
}

// report simulates and prints the tables.
func (s settings) report(ctx context.Context, quiet, rising []scenario, out io.Writer) error {
	fmt.Fprint(out, "| nothing happens | false notifications a month | department-months | by alert |\n|---|---|---|---|\n")
	for _, one := range s.matching(quiet) {
		c, err := s.judge(ctx, one)
		if err != nil {
			return err
		}
		c.writeFalse(out, one.name, one.departments)
	}
	fmt.Fprint(out, "\n| a rise | | number | seen | median from the first opening | from the first closing |\n|---|---|---|---|---|---|\n")
	for _, one := range s.matching(rising) {
		c, err := s.judge(ctx, one)
		if err != nil {
			return err
		}
		c.writeSeen(out, one.name, one.rise.String())
	}
	return nil
}

// matching are the scenarios that are wanted.
func (s settings) matching(all []scenario) []scenario {
	return slices.DeleteFunc(slices.Clone(all), func(one scenario) bool {
		return s.match != nil && !s.match.MatchString(one.name+", "+one.rise.String())
	})
}

// judge simulates a scenario for as many months as are wanted.
func (s settings) judge(ctx context.Context, one scenario) (characteristic, error) {
	perWorkspace := float64(one.departments*7*s.weeks) / 30
	workspaces := int(float64(s.months)/perWorkspace) + 1
	r, err := one.simulate(ctx, s.files, s.seed, workspaces, s.weeks, s.interval)
	if err != nil {
		return characteristic{}, err
	}
	return characteristicOf(r), nil
}

func sortedKeys[V any](of map[string]V) []string {
	return slices.Sorted(maps.Keys(of))
}
