package rocketchat

// Route is an endpoint of the server, and what the meaning of its answers depends on.
type Route struct {
	// Name is the last part of the path; it is the value of the label route.
	Name string
	// Permission is what the account needs; empty if it needs none.
	Permission string
	// Roles are the server's own roles that have the permission.
	Roles string

	path string
	// premium routes need a licence.
	premium bool
}

const livechatRoles = "livechat-manager or livechat-monitor"

// The routes of the numbers. Their permissions and licence are those of
// apps/meteor/ee/server/api/v1/omnichannel/departments.ts, and of departments.ts,
// inquiries.ts and dashboards.ts in apps/meteor/server/api/v1/omnichannel.
var (
	TotalAbandonedChats = &Route{
		Name: "total-abandoned-chats", path: "api/v1/livechat/analytics/departments/total-abandoned-chats",
		Permission: "view-livechat-manager", Roles: livechatRoles, premium: true,
	}
	AmountOfChats = &Route{
		Name: "amount-of-chats", path: "api/v1/livechat/analytics/departments/amount-of-chats",
		Permission: "view-livechat-manager", Roles: livechatRoles, premium: true,
	}
	Departments = &Route{
		Name: "department", path: "api/v1/livechat/department",
		Permission: "view-livechat-departments or view-l-room", Roles: livechatRoles,
	}
	Inquiries = &Route{
		Name: "inquiries.list", path: "api/v1/livechat/inquiries.list",
		Permission: "view-livechat-manager", Roles: livechatRoles,
	}
	AgentsStatus = &Route{
		Name: "agents-status", path: "api/v1/livechat/analytics/dashboards/charts/agents-status",
		Permission: "view-livechat-manager", Roles: livechatRoles,
	}
)

// The routes of the account and of the server itself.
var (
	Login      = &Route{Name: "login", path: "api/v1/login"}
	Logout     = &Route{Name: "logout", path: "api/v1/logout"}
	ServerInfo = &Route{Name: "info", path: "api/info"}
	Settings   = &Route{Name: "settings.public", path: "api/v1/settings.public"}
)
