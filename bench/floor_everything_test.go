package bench

import (
	"bufio"
	"net/http"
	"strings"
	"sync"
	"time"
)

// everything answers with the page of the exporter's default options.
func (f *floor) everything(w http.ResponseWriter, now time.Time) {
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	before := month.AddDate(0, -1, 0)
	abandoned, answered, waiting := make([][]row, len(f.Windows)), make([][]row, len(f.Windows)), make([][]row, len(f.Windows))
	var all, until, list []row
	var wg sync.WaitGroup
	for i, window := range f.Windows {
		start := now.Add(-window.Length)
		wg.Go(func() { abandoned[i] = f.ask(analytics+"total-abandoned-chats", start, now, "") })
		wg.Go(func() { answered[i] = f.ask(analytics+"amount-of-chats", start, now, "&answered=true") })
		wg.Go(func() { waiting[i] = f.ask(analytics+"amount-of-chats", start, now, "&answered=false") })
	}
	wg.Go(func() { all = f.ask(analytics+"total-abandoned-chats", before, now, "") })
	wg.Go(func() { until = f.ask(analytics+"total-abandoned-chats", before, month.Add(-time.Millisecond), "") })
	wg.Go(func() { list = f.ask("livechat/department", time.Time{}, now, "&showArchived=true") })
	wg.Wait()

	names := map[string]string{"none": "(no department)"}
	for _, r := range list {
		names[r.id()] = r.Name
	}
	out := bufio.NewWriterSize(w, 64<<10)
	for i, window := range f.Windows {
		numbers := make(map[string]int64, len(names))
		for _, r := range abandoned[i] {
			numbers[r.id()] = r.Abandoned
		}
		for id := range names {
			writeNumber(out, "livechat_department_abandoned_rooms", id, window.Name, numbers[id])
		}
		clear(numbers)
		for _, r := range answered[i] {
			numbers[r.id()] = r.Rooms
		}
		for _, r := range waiting[i] {
			numbers[r.id()] += r.Rooms
		}
		for id := range names {
			writeNumber(out, "livechat_department_rooms", id, window.Name, numbers[id])
		}
	}
	numbers := make(map[string]int64, len(names))
	for _, r := range all {
		numbers[r.id()] = r.Abandoned
	}
	for _, r := range until {
		numbers[r.id()] -= r.Abandoned
	}
	for id, name := range names {
		writeNumber(out, "livechat_department_abandonments_total", id, "", numbers[id])
		writeInfo(out, id, strings.ReplaceAll(name, `"`, `\"`))
	}
	for _, r := range list {
		enabled := int64(0)
		if r.Enabled {
			enabled = 1
		}
		writeNumber(out, "livechat_department_enabled", r.id(), "", enabled)
		writeNumber(out, "livechat_department_agents", r.id(), "", r.Agents)
	}
	_ = out.Flush()
}
