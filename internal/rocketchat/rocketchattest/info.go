package rocketchattest

import "net/http"

// infoRoute is GET /api/info: the version, for everybody.
func infoRoute(p Profile) route {
	version := map[Profile]string{Old: "6.13", Mid: "8.0", Latest: "8.8", Nine: "9.0"}[p]
	return route{
		method:    http.MethodGet,
		path:      "/api/info",
		unguarded: true,
		handle: func(*call) *answer {
			return jsonAnswer(http.StatusOK, struct {
				Version string `json:"version"`
				Success bool   `json:"success"`
			}{version, true})
		},
	}
}
