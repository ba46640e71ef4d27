package rocketchattest_test

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

func Example() {
	now := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	workspace := rocketchattest.New(rocketchattest.Latest)
	workspace.Configure(func(s *rocketchattest.Settings) { s.Now = func() time.Time { return now } })
	workspace.AddRooms(rocketchattest.Room{
		DepartmentID:      "4LCeYmCHHnQ3EDBgf",
		OpenedAt:          now.Add(-3 * time.Hour),
		ClosedAt:          now.Add(-time.Hour),
		VisitorInactivity: new(90 * time.Minute),
		Answered:          true,
	})

	transport := workspace.Transport()
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	const question = "http://chat.example.com/api/v1/livechat/analytics/departments/total-abandoned-chats" +
		"?start=2026-03-04T00:00:00Z&end=2026-03-04T12:00:00Z"
	for _, fault := range []rocketchattest.Fault{nil, rocketchattest.DatabaseError("not primary")} {
		if fault != nil {
			workspace.Inject(nil, fault)
		}
		request, err := http.NewRequest(http.MethodGet, question, http.NoBody) //nolint:noctx // An example has no context.
		if err != nil {
			fmt.Println(err)
			return
		}
		request.Header.Set("X-User-Id", rocketchattest.UserID)
		request.Header.Set("X-Auth-Token", rocketchattest.AuthToken)
		response, err := client.Do(request)
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		fmt.Println(response.StatusCode, string(body))
	}
	fmt.Println(len(workspace.Requests()), "requests")
	// Output:
	// 200 {"departments":[{"_id":"4LCeYmCHHnQ3EDBgf","abandonedRooms":1}],"count":1,"offset":0,"total":1,"success":true}
	// 400 {"success":false,"error":"not primary"}
	// 2 requests
}
