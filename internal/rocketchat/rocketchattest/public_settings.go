package rocketchattest

import (
	"net/http"
	"slices"
	"strings"
)

// publicSettingsRoute is GET /api/v1/settings.public, for everybody.
func publicSettingsRoute(p Profile) route {
	r := route{
		method: http.MethodGet,
		path:   "/api/v1/settings.public",
		public: true,
		handle: publicSettings,
	}
	if p != Old {
		properties := append([]property{{name: "_id"}}, paginated(true)...)
		if p != Nine {
			properties = append(properties, property{name: "query"})
		}
		r.parameters = &schema{properties: properties}
	}
	return r
}

// publicSetting is a setting that everybody may read.
type publicSetting struct {
	ID    string `json:"_id"`
	Value any    `json:"value"`
}

// publicSettings lists the public settings that the double has, those of the ids that a
// client names: releases of before 7 list all.
func publicSettings(c *call) *answer {
	page, bad := c.paging().found()
	if bad != nil {
		return bad
	}
	all := []publicSetting{{"Livechat_enable_business_hours", c.settings.BusinessHours}, {"Site_Name", "Rocket.Chat"}}
	if c.settings.Licensed {
		all = append(all, publicSetting{"Livechat_abandoned_rooms_action", c.settings.AbandonedRoomsAction})
	}
	if ids := c.query.Get("_id"); ids != "" && c.workspace.profile != Old {
		all = slices.DeleteFunc(all, func(s publicSetting) bool { return !slices.Contains(strings.Split(ids, ","), s.ID) })
	}
	rows := cut(page, all)
	return jsonAnswer(http.StatusOK, struct {
		Settings []publicSetting `json:"settings"`
		Count    int             `json:"count"`
		Offset   int             `json:"offset"`
		Total    int             `json:"total"`
		Success  bool            `json:"success"`
	}{rows, len(rows), page.offset, len(all), true})
}
