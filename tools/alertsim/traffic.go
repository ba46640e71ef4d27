package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

const (
	day  = 24 * time.Hour
	week = 7 * day
	// inactivityTimeout is the server's: a visitor has to be silent for that long.
	inactivityTimeout = time.Hour
)

// closing is how the agents of a desk close the chats of silent visitors.
type closing string

const (
	// automatic: three of four are closed by the server within a minute of the timeout,
	// most of the others by an agent within hours, some on the next day.
	automatic closing = "automatic"
	// shiftEnd: agents leave three of four open and close them together when the shift
	// ends, at 17:30 or up to half an hour before or after.
	shiftEnd closing = "shift end"
)

// desk is a workspace whose departments are alike.
type desk struct {
	departments int
	chats       float64 // of a department on a working day
	share       float64 // of the chats that are abandoned
	dayCV       float64 // the coefficient of variation of a day's number of chats
	shareCV     float64 // the same of a day's share
	closing     closing
	holiday     bool // every fourth Wednesday brings a tenth of the chats
}

// rise is a time in which more is abandoned.
type rise struct {
	from   time.Time
	length time.Duration
	share  float64 // times the usual share
	chats  float64 // times the usual number of chats
}

func (r rise) holds(at time.Time) bool {
	return !at.Before(r.from) && at.Before(r.from.Add(r.length))
}

// chat is a chat that was abandoned, or whose closing does not matter.
type chat struct {
	opened, closed time.Time
	abandoned      bool
}

// hours is the share of a working day's chats that begins in each hour.
var hours = [24]float64{
	0.002, 0.002, 0.002, 0.002, 0.002, 0.004, 0.010, 0.035, 0.080, 0.108, 0.112, 0.102,
	0.080, 0.086, 0.100, 0.096, 0.078, 0.048, 0.022, 0.012, 0.008, 0.005, 0.002, 0.002,
}

// weekend is the number of chats of a day at the weekend, compared with a working day.
const weekend = 0.25

// traffic generates the chats of each department of a desk.
func (d desk) traffic(random *rand.Rand, from, to time.Time, rises []rise) [][]chat {
	departments := make([][]chat, d.departments)
	for at := from; at.Before(to); at = at.Add(day) {
		busy, careless := gamma(random, d.dayCV), gamma(random, d.shareCV)
		shiftEnds := at.Add(17*time.Hour + time.Duration(random.Float64()*float64(time.Hour)))
		for hour, part := range hours {
			begin := at.Add(time.Duration(hour) * time.Hour)
			for i := range departments {
				mean := d.chats * part * d.dayFactor(at) * busy
				departments[i] = d.hour(departments[i], random, begin, mean, d.share*careless, shiftEnds, rises)
			}
		}
	}
	for _, chats := range departments {
		slices.SortFunc(chats, func(a, b chat) int { return a.opened.Compare(b.opened) })
	}
	return departments
}

// dayFactor is how many chats a day has, compared with a working day.
func (d desk) dayFactor(at time.Time) float64 {
	const wednesdays = 3 // The first of the simulation is the third day.
	switch weekday := at.Weekday(); {
	case weekday == time.Saturday || weekday == time.Sunday:
		return weekend
	case d.holiday && weekday == time.Wednesday && int(at.Sub(epoch)/week)%4 == wednesdays:
		return 0.1
	default:
		return 1
	}
}

// hour appends the chats of an hour of a department.
func (d desk) hour(chats []chat, random *rand.Rand, begin time.Time, mean, share float64, shiftEnds time.Time, rises []rise) []chat {
	most := 1.0
	for _, r := range rises {
		most = max(most, r.chats)
	}
	for range poisson(random, mean*most) {
		opened := begin.Add(time.Duration(random.Float64() * float64(time.Hour)))
		chatsNow, shareNow := 1.0, share
		for _, r := range rises {
			if r.holds(opened) {
				chatsNow, shareNow = chatsNow*r.chats, shareNow*r.share
			}
		}
		if random.Float64()*most >= chatsNow {
			continue
		}
		c := chat{opened: opened, abandoned: random.Float64() < shareNow}
		if c.abandoned {
			c.closed = d.closedAt(random, opened, shiftEnds)
		}
		chats = append(chats, c)
	}
	return chats
}

// closedAt is when an abandoned chat is closed: after a talk and the timeout at least.
func (d desk) closedAt(random *rand.Rand, opened, shiftEnds time.Time) time.Time {
	talk := time.Duration(float64(12*time.Minute) * math.Exp(0.6*random.NormFloat64()))
	silent := opened.Add(max(time.Minute, min(talk, 2*time.Hour)))
	earliest := silent.Add(inactivityTimeout)
	luck := random.Float64()
	switch {
	case luck < 0.75 && d.closing == shiftEnd:
		if earliest.Before(shiftEnds) {
			return shiftEnds.Add(time.Duration(random.Float64() * float64(5*time.Minute)))
		}
		return shiftEnds.Add(day)
	case luck < 0.75:
		return earliest.Add(time.Duration(random.Float64() * float64(time.Minute)))
	case luck < 0.96:
		return earliest.Add(time.Duration(random.Float64() * float64(3*time.Hour)))
	default:
		return earliest.Add(7*time.Hour + time.Duration(random.Float64()*float64(10*time.Hour)))
	}
}

// poisson is a number of events that happen mean times on average.
func poisson(random *rand.Rand, mean float64) int {
	n := 0
	for left := random.ExpFloat64(); left < mean; left += random.ExpFloat64() {
		n++
	}
	return n
}

// gamma is a factor of the mean 1 and a coefficient of variation, from the gamma
// distribution after Marsaglia and Tsang.
func gamma(random *rand.Rand, cv float64) float64 {
	if cv == 0 {
		return 1
	}
	shape := 1 / (cv * cv)
	d := shape - 1.0/3
	for {
		x := random.NormFloat64()
		v := math.Pow(1+x/math.Sqrt(9*d), 3)
		if v > 0 && math.Log(random.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v / shape
		}
	}
}
