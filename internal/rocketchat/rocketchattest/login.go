package rocketchattest

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
)

// loginRoute is POST /api/v1/login.
func loginRoute() route {
	return route{method: http.MethodPost, path: "/api/v1/login", public: true, handle: login}
}

// logoutRoute is POST /api/v1/logout, which takes back the token that it is sent
// with.
func logoutRoute() route {
	return route{method: http.MethodPost, path: "/api/v1/logout", handle: logout}
}

// loginOptions are the body of a login: a user and a password, the code of a second
// factor, or the token of an earlier login. One name of the user is enough.
type loginOptions struct {
	User, Username, Email string
	Password              string
	Code                  string
	Resume                string
}

// loginAnswer is the body of a login that succeeds.
type loginAnswer struct {
	Status  string    `json:"status"`
	Data    loginData `json:"data"`
	Success bool      `json:"success,omitempty"`
}

type loginData struct {
	UserID    string   `json:"userId"`
	AuthToken string   `json:"authToken"`
	Me        loggedIn `json:"me"`
}

type loggedIn struct {
	ID       string   `json:"_id"`
	Username string   `json:"username"`
	Name     string   `json:"name"`
	Active   bool     `json:"active"`
	Roles    []string `json:"roles"`
}

// loginFailure is the body of a login that fails. The error is a number where the
// account system gave one, else a word.
type loginFailure struct {
	Success *bool          `json:"success,omitempty"`
	Error   any            `json:"error"`
	Status  string         `json:"status"`
	Details *secondFactors `json:"details,omitempty"`
	Message string         `json:"message"`
}

// secondFactors is which second factor is asked for.
type secondFactors struct {
	Method           string   `json:"method"`
	CodeGenerated    bool     `json:"codeGenerated"`
	AvailableMethods []string `json:"availableMethods"`
}

func login(c *call) *answer {
	var options loginOptions
	body, err := io.ReadAll(c.request.Body)
	if err != nil || json.Unmarshal(body, &options) != nil {
		options = loginOptions{}
	}
	user := cmp.Or(options.User, options.Username, options.Email)
	s := c.settings
	switch {
	case options.Resume != "" && c.workspace.sessions.has(options.Resume, s, c.now):
		return c.loggedIn(options.Resume)
	case options.Resume != "":
		return c.refusedLogin(http.StatusForbidden, "You've been logged out by the server. Please log in again.", nil)
	case user == "", options.Password == "":
		return c.refusedLogin(http.StatusBadRequest, "Unrecognized options for login request", nil)
	case user != s.Username:
		return c.refusedLogin("Unauthorized", "Unauthorized", nil)
	case options.Password != s.Password:
		return c.refusedLogin(http.StatusForbidden, "Incorrect password", nil)
	}
	if s.TwoFactorCode != "" {
		code := cmp.Or(options.Code, c.request.Header.Get("X-2fa-Code"))
		factors := &secondFactors{Method: "totp", AvailableMethods: []string{"totp"}}
		switch code {
		case s.TwoFactorCode:
		case "":
			return c.refusedLogin("totp-required", "TOTP Required", factors)
		default:
			return c.refusedLogin("totp-invalid", "TOTP Invalid", factors)
		}
	}
	return c.loggedIn(c.workspace.sessions.begin(s, c.now))
}

func (c *call) loggedIn(token string) *answer {
	s := c.settings
	return jsonAnswer(http.StatusOK, loginAnswer{
		Status: "success",
		Data: loginData{UserID: s.UserID, AuthToken: token, Me: loggedIn{
			ID: s.UserID, Username: s.Username, Name: s.Username, Active: true, Roles: []string{"user", "livechat-manager"},
		}},
		Success: c.workspace.profile != Old,
	})
}

func (c *call) refusedLogin(kind any, message string, factors *secondFactors) *answer {
	if c.workspace.profile == Nine {
		return failed(http.StatusUnauthorized, "unauthorized", "")
	}
	body := loginFailure{Error: kind, Status: "error", Details: factors, Message: message}
	if c.workspace.profile != Old {
		body.Success = new(false)
	}
	return jsonAnswer(http.StatusUnauthorized, body)
}

// logoutAnswer is the body of a logout.
type logoutAnswer struct {
	Status string     `json:"status"`
	Data   logoutData `json:"data"`
}

type logoutData struct {
	Message string `json:"message"`
}

func logout(c *call) *answer {
	c.workspace.sessions.end(c.request.Header.Get("X-Auth-Token"))
	return jsonAnswer(http.StatusOK, logoutAnswer{Status: "success", Data: logoutData{Message: "You've been logged out!"}})
}
