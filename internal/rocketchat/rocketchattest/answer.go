package rocketchattest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

// The content types of the server's answers.
const (
	contentJSON = "application/json"
	contentHTML = "text/html; charset=utf-8"
	contentText = "text/plain; charset=UTF-8"
)

// webApp is the page that the server sends where no route answers: the shell of
// the web app, which then draws "not found" itself.
const webApp = `<!DOCTYPE html>
<html>
<head>
  <meta charset="utf-8" />
  <title>Rocket.Chat</title>
  <link rel="stylesheet" type="text/css" class="__meteor-css__" href="/merged-stylesheets.css" />
</head>
<body>
  <div id="rocketchat"></div>
  <script type="text/javascript" src="/meteor_runtime_config.js"></script>
</body>
</html>
`

// answer is the server's answer to one request.
type answer struct {
	status  int
	content string
	header  http.Header
	body    []byte
}

// noStore adds what keeps an answer out of caches.
func (a *answer) noStore() {
	a.header.Set("Cache-Control", "no-store")
	a.header.Set("Pragma", "no-cache")
}

// failure is the body of the REST API's errors. Fields that a kind of error does
// not have are left out.
type failure struct {
	Success   *bool  `json:"success,omitempty"`
	Error     string `json:"error,omitempty"`
	ErrorType string `json:"errorType,omitempty"`
	Status    string `json:"status,omitempty"`
	Message   string `json:"message,omitempty"`
}

func jsonAnswer(status int, body any) *answer {
	text, err := json.Marshal(body)
	if err != nil {
		// The bodies are structs of this package.
		panic(fmt.Sprintf("rocketchattest: encode %T: %v", body, err))
	}
	return &answer{status: status, content: contentJSON, body: text}
}

func failed(status int, message, errorType string) *answer {
	return jsonAnswer(status, failure{Success: new(false), Error: message, ErrorType: errorType})
}

func webAppPage() *answer {
	return &answer{status: http.StatusOK, content: contentHTML, body: []byte(webApp)}
}

func notFound() *answer {
	return &answer{status: http.StatusNotFound, content: contentText, body: []byte("404 Not Found")}
}

// send writes the answer with the headers that all answers have.
func (a *answer) send(rw http.ResponseWriter, r *http.Request, s *Settings) {
	h := rw.Header()
	maps.Copy(h, a.header)
	h.Set("X-XSS-Protection", "1")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Type", a.content)
	body := a.body
	if s.Gzip {
		h.Set("Vary", "Accept-Encoding")
		if len(body) >= 1024 && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body = gzipped(body)
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	rw.WriteHeader(a.status)
	_, _ = rw.Write(body)
}

func gzipped(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body) // Writing to memory cannot fail.
	_ = z.Close()
	return b.Bytes()
}
