package check

import "fmt"

// windows compares the rolling windows with the inactivity timeout. A chat is counted when
// it began and ended inside the window and the visitor was silent for the timeout in
// between, so a window that is hardly longer hardly counts any.
func (a *attempt) windows() Result {
	r := Result{
		Check: Windows, Status: OK,
		Meaning: fmt.Sprintf("a chat is counted after %s of silence; the exporter cannot read the server's setting", shown(a.InactivityTimeout)),
		Action:  "see that Livechat_visitor_inactivity_timeout (Omnichannel > Sessions) is the same on the server",
	}
	shortest, rolling := Window{}, false
	for _, w := range a.Windows {
		if w.Duration > 0 && (!rolling || w.Duration < shortest.Duration) {
			shortest, rolling = w, true
		}
	}
	switch {
	case !rolling:
		r.Found = many(len(a.Windows), "window") + ", calendar periods alone"
	case shortest.Duration < 2*a.InactivityTimeout:
		r.Status = Warning
		r.Found = fmt.Sprintf("the window %s is less than twice as long as inactivity_timeout, %s", shortest.Name, shown(a.InactivityTimeout))
		r.Meaning = fmt.Sprintf("it counts a chat only if the visitor fell silent within %s after it began",
			shown(shortest.Duration-a.InactivityTimeout))
		r.Action = fmt.Sprintf("make it longer than %s, or see that inactivity_timeout is the server's Livechat_visitor_inactivity_timeout",
			shown(2*a.InactivityTimeout))
	case a.InactivityTimeout == 0:
		r.Found = many(len(a.Windows), "window") + ", and inactivity_timeout is 0"
		r.Meaning = "every chat counts that an agent closed and in which an agent had the last word"
	default:
		r.Found = fmt.Sprintf("%s; the shortest, %s, is longer than inactivity_timeout, %s",
			many(len(a.Windows), "window"), shortest.Name, shown(a.InactivityTimeout))
	}
	return r
}
