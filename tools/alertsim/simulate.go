package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"
)

// files are the shipped files that are judged.
type files struct {
	rules, routes string
}

// scenario is a desk over some time, and what is provoked on it.
type scenario struct {
	name string
	desk
	rise rise // without a time; none where its length is 0
}

// warmUp is what passes before anything is judged: the rules compare with three weeks.
const warmUp = 3 * week

// provoked is a rise in a workspace, and when its first chat was opened and the first of
// its abandoned chats closed.
type provoked struct {
	instance          string
	from, to          time.Time
	opened, firstShut time.Time
}

// run is what came of a scenario.
type run struct {
	days          int // judged, over all workspaces
	notifications []notification
	rises         []provoked
}

// batch is the number of departments that are evaluated together, so that the batches fill
// the processors and not the memory.
const batch = 10

// simulate runs workspaces of a scenario, each for some weeks after the warm-up.
func (s scenario) simulate(ctx context.Context, f files, seed uint64, workspaces, weeks int, interval time.Duration) (run, error) {
	var all run
	var mutex sync.Mutex
	var failed error
	var waiting sync.WaitGroup
	size := max(1, min(batch/s.departments, workspaces))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for first := 0; first < workspaces; first += size {
		waiting.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			one, err := s.batch(ctx, f, seed+uint64(first)<<16, min(size, workspaces-first), weeks, interval)
			mutex.Lock()
			defer mutex.Unlock()
			if err != nil {
				failed = err
			}
			all.days += one.days
			all.notifications = append(all.notifications, one.notifications...)
			all.rises = append(all.rises, one.rises...)
		})
	}
	waiting.Wait()
	return all, failed
}

// batch runs workspaces together, in one storage.
func (s scenario) batch(ctx context.Context, f files, seed uint64, workspaces, weeks int, interval time.Duration) (run, error) {
	g := grid{from: epoch, to: epoch.Add(warmUp + time.Duration(weeks)*week), step: interval}
	stored := newMemory()
	result := run{days: 7 * weeks * workspaces}
	for i := range workspaces {
		instance := fmt.Sprintf("%d-%d", seed, i)
		random := rand.New(rand.NewPCG(seed, uint64(i))) //nolint:gosec // G404: the same seed must give the same chats.
		rises := s.rises(random, weeks)
		departments := s.traffic(random, g.from, g.to, rises)
		for j, chats := range departments {
			g.export(stored, instance, fmt.Sprintf("d%d", j), chats)
		}
		g.exportWorkspace(stored, instance)
		for _, r := range rises {
			result.rises = append(result.rises, observe(instance, r, departments))
		}
	}
	rules, err := newEvaluator(f.rules, stored, g)
	if err != nil {
		return run{}, err
	}
	routes, err := readRouting(f.routes)
	if err != nil {
		return run{}, err
	}
	sent := notifier{routing: routes}
	firing, err := rules.firing(ctx)
	if err != nil {
		return run{}, err
	}
	for i, alerts := range firing {
		sent.at(g.from.Add(time.Duration(i)*interval), alerts)
	}
	for _, n := range sent.sent {
		if n.at.After(g.from.Add(warmUp)) {
			result.notifications = append(result.notifications, n)
		}
	}
	return result, nil
}

// rises are one every two weeks: its effect on the windows that are compared with has
// passed when the next comes. They begin between 9:00 and 15:00 of a working day, those
// of days from Monday to Wednesday.
func (s scenario) rises(random *rand.Rand, weeks int) []rise {
	var rises []rise
	for at := warmUp; s.rise.length > 0 && at < warmUp+time.Duration(weeks)*week; at += 2 * week {
		weekdays := 5
		if s.rise.length >= day {
			weekdays = 3
		}
		r := s.rise
		r.from = epoch.Add(at + time.Duration(random.IntN(weekdays))*day + 9*time.Hour + time.Duration(random.Float64()*float64(6*time.Hour)))
		rises = append(rises, r)
	}
	return rises
}

// observe finds the first opening and the first closing of an abandoned chat of a rise.
func observe(instance string, r rise, departments [][]chat) provoked {
	p := provoked{instance: instance, from: r.from, to: r.from.Add(r.length)}
	for _, chats := range departments {
		for _, c := range chats {
			if !r.holds(c.opened) || !c.abandoned {
				continue
			}
			if p.opened.IsZero() || c.opened.Before(p.opened) {
				p.opened = c.opened
			}
			if p.firstShut.IsZero() || c.closed.Before(p.firstShut) {
				p.firstShut = c.closed
			}
		}
	}
	return p
}
