package check

import (
	"fmt"
	"time"
)

const (
	// noticed is the difference of clocks from which on it matters: the header that
	// tells it has whole seconds.
	noticed = 5 * time.Second
	// wrong is the difference from which on windows are not what their names say.
	wrong = 5 * time.Minute
)

// clock compares the server's clock with ours. Windows end at our now, and the server
// looks which chats were closed until then by its own.
func (a *attempt) clock() Result {
	if !a.clocked {
		return skipped(Clock, "no answer tells the server's time (Date)")
	}
	r := Result{Check: Clock, Status: OK}
	// What the measurement itself may be off by is no difference.
	difference := max(0, a.ahead.Abs()-time.Second/2-a.asked/2)
	switch {
	case difference < noticed:
		r.Found = "the server's clock and this machine's differ by less than " + shown(noticed)
		return r
	case difference < wrong:
		r.Status = Warning
	default:
		r.Status = Failed
	}
	where, meaning := "ahead of", "the latest chats are not counted yet, and windows begin and end that much too early"
	if a.ahead < 0 {
		where, meaning = "behind", "windows begin and end that much too late"
	}
	r.Found = fmt.Sprintf("the server's clock is at least %s %s this machine's", shown(difference), where)
	r.Meaning = meaning
	r.Action = "see which of the two is wrong, and synchronise it (NTP)"
	return r
}
