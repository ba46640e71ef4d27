package check

import "context"

// The settings that explain a number. Everybody may read them.
const (
	abandonedAction = "Livechat_abandoned_rooms_action"
	businessHours   = "Livechat_enable_business_hours"
)

// settings reports settings of the server with which few chats count as abandoned.
func (p *probe) settings(ctx context.Context) {
	if !p.verified {
		return
	}
	found, err := p.client.PublicSettings(ctx, abandonedAction, businessHours)
	if err != nil {
		what, hint := p.explain(err)
		p.add(Note, "settings", "the public settings are unknown: "+what, hint)
	}
	if found[abandonedAction] == `"none"` {
		p.add(Note, "settings", abandonedAction+" is none: a chat whose visitor fell silent stays open, and counts as abandoned only when somebody closes it",
			"set it to close (Omnichannel > Sessions) to have the server close such chats")
	}
	if found[businessHours] == "true" {
		p.add(Note, "settings", businessHours+" is on: of a visitor's silence only the time within the opening hours counts", "")
	}
}
