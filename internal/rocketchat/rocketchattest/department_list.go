package rocketchattest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// departmentListRoute is GET /api/v1/livechat/department.
func departmentListRoute(p Profile) route {
	properties := []property{
		{name: "text"},
		{name: "onlyMyDepartments", values: []string{"true", "false"}},
		{name: "enabled"},
		{name: "excludeDepartmentId"},
		{name: "showArchived"},
	}
	return route{
		method:      http.MethodGet,
		path:        "/api/v1/livechat/department",
		permissions: []string{ViewLivechatDepartments, ViewLRoom},
		parameters: &schema{
			properties: slices.Concat(properties, paginated(), []property{{name: "query"}}),
			unwraps:    p == Latest,
		},
		handle: departmentList,
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

// departmentList lists the departments. The parameter onlyMyDepartments makes a
// difference to the monitors of a unit alone, of whom the account is none; query has
// to be JSON, and then means nothing.
func departmentList(c *call) *answer {
	page, bad := c.paging().found()
	if bad != nil {
		return bad
	}
	compare, bad := c.order()
	if bad != nil {
		return bad
	}
	if query := c.query["query"].text; query != "" && !json.Valid([]byte(query)) {
		return refusedJSON("query", query)
	}

	documents := c.workspace.listed(c)
	// What sorts alike comes in any order.
	c.workspace.shuffle(c.settings, len(documents), func(i, j int) { documents[i], documents[j] = documents[j], documents[i] })
	slices.SortStableFunc(documents, compare)
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
	text := strings.ToLower(c.query["text"].text)
	excluded := c.query["excludeDepartmentId"].text
	enabledOnly := c.query["enabled"].text == "true" // "false" asks for no others.
	archivedToo := c.query["showArchived"].text == "true"

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

// documentOrder are the fields that the list can be sorted by. By any other field
// all documents are alike.
var documentOrder = map[string]func(a, b departmentDocument) int{
	"_id":         func(a, b departmentDocument) int { return cmp.Compare(a.ID, b.ID) },
	"name":        func(a, b departmentDocument) int { return cmp.Compare(a.Name, b.Name) },
	"description": func(a, b departmentDocument) int { return cmp.Compare(a.Description, b.Description) },
	"numAgents":   func(a, b departmentDocument) int { return cmp.Compare(a.NumAgents, b.NumAgents) },
	"_updatedAt":  func(a, b departmentDocument) int { return cmp.Compare(a.UpdatedAt, b.UpdatedAt) },
	"enabled": func(a, b departmentDocument) int {
		switch {
		case a.Enabled == b.Enabled:
			return 0
		case b.Enabled:
			return -1
		default:
			return 1
		}
	},
}

// order reads sort: an object whose keys are fields and whose values are 1 and -1.
// Without it the list is sorted by name.
func (c *call) order() (compare func(a, b departmentDocument) int, bad *answer) {
	text := c.query["sort"].text
	if text == "" {
		return documentOrder["name"], nil
	}
	keys, err := sortKeys(text)
	if err != nil {
		return nil, refusedJSON("sort", text)
	}
	return func(a, b departmentDocument) int {
		for _, key := range keys {
			if by := documentOrder[key.field]; by != nil {
				if order := by(a, b) * key.direction; order != 0 {
					return order
				}
			}
		}
		return 0
	}, nil
}

type sortKey struct {
	field     string
	direction int
}

// sortKeys reads the keys in the order in which they stand.
func sortKeys(text string) ([]sortKey, error) {
	if !json.Valid([]byte(text)) {
		return nil, errors.New("not JSON")
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	if first, _ := decoder.Token(); first != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	var keys []sortKey
	for decoder.More() {
		key := sortKey{}
		field, _ := decoder.Token() // It is JSON: a key is a string.
		key.field, _ = field.(string)
		if err := decoder.Decode(&key.direction); err != nil || key.direction != 1 && key.direction != -1 {
			return nil, errors.New("neither 1 nor -1")
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// refusedJSON is the answer to a parameter that should hold JSON and does not.
func refusedJSON(name, text string) *answer {
	kind := "error-invalid-" + name
	return failed(http.StatusBadRequest, "Invalid "+name+` parameter provided: "`+text+`" [`+kind+"]", kind)
}
