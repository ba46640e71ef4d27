package rocketchat

// route is one endpoint of the server, and what the meaning of its answers
// depends on.
type route struct {
	// name is the last part of the path; it names the route in metrics.
	name string
	// path is relative to the workspace's URL.
	path string
	// permission is the one that the account needs.
	permission string
	// roles are the server's own roles that have it.
	roles string
	// premium routes do not exist on a workspace without a licence.
	premium bool
}

// The sources name the permission and the licence module of this route:
// apps/meteor/ee/server/api/v1/omnichannel/departments.ts.
var totalAbandonedChats = &route{
	name:       "total-abandoned-chats",
	path:       "api/v1/livechat/analytics/departments/total-abandoned-chats",
	permission: "view-livechat-manager",
	roles:      "livechat-manager or livechat-monitor",
	premium:    true,
}

// Routes returns the names of all routes that a [Client] asks.
func Routes() []string {
	return []string{totalAbandonedChats.name}
}
