package rocketchattest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
)

// departmentListRoute is GET /api/v1/livechat/department.
func departmentListRoute(p Profile) route {
	properties := slices.Concat([]property{
		{name: "text"},
		{name: "onlyMyDepartments", values: []string{"true", "false"}},
		{name: "enabled"},
		{name: "excludeDepartmentId"},
		{name: "showArchived"},
	}, paginated(true))
	if p != Nine {
		properties = append(properties, property{name: "query"})
	}
	return route{
		method:      http.MethodGet,
		path:        "/api/v1/livechat/department",
		permissions: []string{ViewLivechatDepartments, ViewLRoom},
		parameters:  &schema{properties: properties},
		handle:      departmentList,
	}
}

// departmentDocument is a department as the database has it.
type departmentDocument struct {
	ID                          string   `json:"_id"`
	Enabled                     bool     `json:"enabled"`
	Name                        string   `json:"name"`
	Description                 string   `json:"description"`
	NumAgents                   int      `json:"numAgents"`
	ShowOnRegistration          bool     `json:"showOnRegistration"`
	ShowOnOfflineForm           bool     `json:"showOnOfflineForm"`
	RequestTagBeforeClosingChat bool     `json:"requestTagBeforeClosingChat"`
	ChatClosingTags             []string `json:"chatClosingTags"`
	Email                       string   `json:"email"`
	OfflineMessageChannelName   string   `json:"offlineMessageChannelName"`
	Type                        string   `json:"type"`
	Archived                    *bool    `json:"archived,omitempty"`
	UpdatedAt                   string   `json:"_updatedAt"`
}

func (d *department) document() departmentDocument {
	document := departmentDocument{
		ID:                 d.ID,
		Enabled:            d.enabled(),
		Name:               d.Name,
		Description:        d.Description,
		NumAgents:          d.Agents,
		ShowOnRegistration: true,
		ShowOnOfflineForm:  true,
		ChatClosingTags:    []string{},
		Email:              "livechat@example.com",
		Type:               "d",
		UpdatedAt:          time.UnixMilli(d.updatedAt).UTC().Format("2006-01-02T15:04:05.000Z"),
	}
	if d.Archived || d.restored {
		document.Archived = new(d.Archived)
	}
	return document
}

// departmentList lists the departments by name. The parameter onlyMyDepartments makes a
// difference to the monitors of a unit alone, of whom the account is none. The double
// overlooks sort and query.
func departmentList(c *call) *answer {
	page, bad := c.paging().found()
	if bad != nil {
		return bad
	}
	documents := c.workspace.listed(c)
	// What sorts alike comes in any order.
	c.workspace.shuffle(c.settings, len(documents), func(i, j int) { documents[i], documents[j] = documents[j], documents[i] })
	slices.SortStableFunc(documents, func(a, b departmentDocument) int { return cmp.Compare(a.Name, b.Name) })
	rows := cut(page, documents)
	return jsonAnswer(http.StatusOK, departmentsPage[departmentDocument]{
		Departments: rows,
		Count:       len(rows),
		Offset:      page.offset,
		Total:       len(documents) + c.settings.TotalSkew,
		Success:     true,
	})
}

// listed are the departments that a call asks for, in the database's own order.
func (w *Workspace) listed(c *call) []departmentDocument {
	text := strings.ToLower(c.query.Get("text"))
	excluded := c.query.Get("excludeDepartmentId")
	enabledOnly := c.query.Get("enabled") == "true" // "false" asks for no others.
	archivedToo := c.query.Get("showArchived") == "true"

	w.mu.RLock()
	defer w.mu.RUnlock()
	var found []*department
	for _, d := range w.model.departments {
		switch {
		case d.Unit, d.Archived && !archivedToo, enabledOnly && !d.enabled():
		case !strings.Contains(strings.ToLower(d.Name), text):
		case excluded != "" && d.ID == excluded:
		default:
			found = append(found, d)
		}
	}
	slices.SortFunc(found, func(a, b *department) int { return cmp.Compare(a.place, b.place) })
	documents := make([]departmentDocument, len(found))
	for i, d := range found {
		documents[i] = d.document()
	}
	return documents
}
