package rocketchattest

import (
	"fmt"
	"net/http"
)

// inquiriesListRoute is GET /api/v1/livechat/inquiries.list.
func inquiriesListRoute() route {
	return route{
		method:      http.MethodGet,
		path:        "/api/v1/livechat/inquiries.list",
		permissions: []string{ViewLivechatManager},
		parameters:  &schema{properties: append([]property{{name: "department"}}, paginated(true)...)},
		handle:      inquiriesList,
	}
}

// inquiryDocument is a chat in the queue as the database has it, with what a client of
// numbers has no use for: who the visitor is.
type inquiryDocument struct {
	ID         string  `json:"_id"`
	RoomID     string  `json:"rid"`
	Name       string  `json:"name"`
	Status     string  `json:"status"`
	Department *string `json:"department,omitempty"`
}

// inquiriesPage is the envelope of the list.
type inquiriesPage struct {
	Inquiries []inquiryDocument `json:"inquiries"`
	Count     int               `json:"count"`
	Offset    int               `json:"offset"`
	Total     int               `json:"total"`
	Success   bool              `json:"success"`
}

func inquiriesList(c *call) *answer {
	page, bad := c.paging().found()
	if bad != nil {
		return bad
	}
	documents := c.workspace.queue(c)
	rows := cut(page, documents)
	return jsonAnswer(http.StatusOK, inquiriesPage{
		Inquiries: rows, Count: len(rows), Offset: page.offset, Total: len(documents) + c.settings.TotalSkew, Success: true,
	})
}

// queue are the chats in the queue, those of a department if the call names one that
// exists, by id or name. Else the parameter is overlooked.
func (w *Workspace) queue(c *call) []inquiryDocument {
	named := c.query.Get("department")
	w.mu.RLock()
	defer w.mu.RUnlock()
	only := ""
	for _, d := range w.model.departments {
		if named != "" && (d.ID == named || d.Name == named) {
			only = d.ID
		}
	}
	documents := make([]inquiryDocument, 0)
	at := c.now.UnixMilli()
	for i := range w.model.rooms {
		r := &w.model.rooms[i]
		of := w.model.groups[r.group]
		if !r.queued(at) || only != "" && of.id != only {
			continue
		}
		documents = append(documents, inquiryDocument{
			ID: fmt.Sprintf("inquiry%d", i), RoomID: fmt.Sprintf("room%d", i), Name: fmt.Sprintf("Visitor %d", i), Status: "queued", Department: of.rowID(),
		})
	}
	return documents
}

// ChatsWaiting counts the chats in the queue now.
func (w *Workspace) ChatsWaiting() int {
	at := w.now()
	w.mu.RLock()
	defer w.mu.RUnlock()
	n := 0
	for _, of := range w.model.count(func(r *room) bool { return r.queued(at) }) {
		n += of
	}
	return n
}

// queued reports whether the room is in the queue at a time: open, and not yet given to
// an agent.
func (r *room) queued(at int64) bool {
	return r.openedAt <= at && at < min(r.takenAt, r.closedAt)
}
