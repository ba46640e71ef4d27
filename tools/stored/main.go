// Command stored makes the data folder of a Prometheus that has scraped a history and
// evaluated the shipped rules all the time: with the recorded series and the firing alerts.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := program(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "stored:", err)
		os.Exit(1)
	}
}

func program(ctx context.Context, args []string) error {
	var s storage
	flags := flag.NewFlagSet("stored", flag.ContinueOnError)
	flags.StringVar(&s.promtool, "promtool", ".bin/promtool", "the program promtool")
	flags.StringVar(&s.prometheus, "prometheus", ".bin/prometheus", "the program prometheus")
	flags.StringVar(&s.folder, "out", "", "the data folder, to be made")
	history := flags.String("history", "", "a file of the OpenMetrics format")
	rules := flags.String("rules", "alerts/livechat.rules.yml", "the rules, none if empty")
	at := flags.String("end", "2026-03-18T14:30:00Z", "when the history ends, as in RFC 3339")
	if err := flags.Parse(args); err != nil {
		return err
	}
	end, err := time.Parse(time.RFC3339, *at)
	if err != nil {
		return fmt.Errorf("the end of the history: %w", err)
	}
	if err = s.add(ctx, *history); err != nil || *rules == "" {
		return err
	}
	stages, err := readRules(*rules)
	if err != nil {
		return err
	}
	for i, stage := range stages {
		back := recently
		if i == 0 {
			back = weeks
		}
		if err := s.evaluate(ctx, stage, period{end.Add(-back), end}); err != nil {
			return err
		}
	}
	return nil
}
