package check

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"livechat_exporter/internal/rocketchat"
)

// shown writes a duration for people, in its two largest units, rounded: 1h30m, 62d,
// 1m5s, 120ms.
func shown(d time.Duration) string {
	if d < 0 {
		return "-" + shown(-d)
	}
	const day = 24 * time.Hour
	switch {
	case d < time.Second:
		return strconv.FormatInt(d.Round(time.Millisecond).Milliseconds(), 10) + "ms"
	case d < time.Minute:
		d = d.Round(100 * time.Millisecond)
	case d < time.Hour:
		d = d.Round(time.Second)
	case d < day:
		d = d.Round(time.Minute)
	default:
		d = d.Round(time.Hour)
	}
	var b strings.Builder
	for _, unit := range []struct {
		name   string
		length time.Duration
	}{{"d", day}, {"h", time.Hour}, {"m", time.Minute}} {
		if n := d / unit.length; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, unit.name)
			d %= unit.length
		}
	}
	if d > 0 {
		b.WriteString(strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s")
	}
	return b.String()
}

// shownLimit writes a rate limit.
func shownLimit(l rocketchat.Limit) string {
	if l.Calls == 0 {
		return "no limit"
	}
	return many(l.Calls, "call") + " in " + shown(l.Per)
}

// many writes a number of things.
func many(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

// ceil returns a divided by b, rounded up.
func ceil(a, b int) int {
	return (a + b - 1) / b
}
