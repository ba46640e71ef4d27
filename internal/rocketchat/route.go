package rocketchat

// route is one endpoint of the server, and what the meaning of its answers
// depends on.
type route struct {
	// name is the last part of the path; it names the route in metrics.
	name string
	// path is relative to the workspace's URL.
	path string
	// permission is the one that the account needs; empty if it needs none.
	permission string
	// roles are the server's own roles that have it.
	roles string
	// premium routes do not exist on a workspace without a licence.
	premium bool
	// unauthorized says what a 401 means and what to do; nil where it means the
	// account's user id and token.
	unauthorized func(errorBody) string
}

// The sources name the permission and the licence module of these routes:
// apps/meteor/ee/server/api/v1/omnichannel/departments.ts.
var (
	totalAbandonedChats = &route{
		name:       TotalAbandonedChats,
		path:       "api/v1/livechat/analytics/departments/total-abandoned-chats",
		permission: "view-livechat-manager",
		roles:      "livechat-manager or livechat-monitor",
		premium:    true,
	}
	amountOfChats = &route{
		name:       AmountOfChats,
		path:       "api/v1/livechat/analytics/departments/amount-of-chats",
		permission: "view-livechat-manager",
		roles:      "livechat-manager or livechat-monitor",
		premium:    true,
	}
)

// departmentList is in every edition of the server:
// apps/meteor/server/api/v1/omnichannel/departments.ts.
var departmentList = &route{
	name:       DepartmentRoute,
	path:       "api/v1/livechat/department",
	permission: "view-livechat-departments or view-l-room",
	roles:      "livechat-manager or livechat-monitor",
}

// Routes of the account itself, and of the server:
// apps/meteor/app/api/server/ApiClass.ts, apps/meteor/app/api/server/default/info.ts.
var (
	login  = &route{name: "login", path: "api/v1/login", unauthorized: refusedLogin}
	logout = &route{name: "logout", path: "api/v1/logout"}
	info   = &route{name: "info", path: "api/info"}
)

// Routes returns the names of all routes that a [Client] asks, in a fixed order.
func Routes() []string {
	var names []string
	for _, r := range []*route{totalAbandonedChats, amountOfChats, departmentList, login, logout, info} {
		names = append(names, r.name)
	}
	return names
}
