package rocketchat

import "strings"

// refusedLogin says why a login was refused, and what to do. The kinds of refusal are
// named in apps/meteor/app/2fa/server/code/index.ts and
// apps/meteor/app/authentication/server/hooks/login.ts.
func refusedLogin(body errorBody) string {
	kind, _ := body.Error.(string) // A wrong password has a number.
	switch {
	case strings.HasPrefix(kind, "totp-"):
		return "the account asks for a second factor, which no program can answer: use a personal access token (user_id and auth_token) in place of username and password"
	case strings.HasPrefix(kind, "error-login-blocked-"):
		return "the workspace blocks the logins of this account or address for a while, after too many that failed: check username and password, and wait some minutes"
	default:
		return "user name or password is wrong, or the account is not active: check username and password"
	}
}
