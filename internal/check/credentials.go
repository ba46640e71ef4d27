package check

// readable is what to do about a credential that cannot be used.
const readable = "make the file readable for the exporter's user, with the credential alone in it"

// credentials tells whether the account's credentials are there. It sends nothing.
func (a *attempt) credentials() Result {
	for _, secret := range a.Secrets {
		if _, err := secret.Read(); err != nil {
			return Result{
				Check: Credentials, Status: Failed,
				Found:   "the " + secret.Name + " cannot be read: " + err.Error(),
				Meaning: "the exporter sends nothing without it, and exports no number",
				Action:  readable,
			}
		}
	}
	found := "user id and auth token are there"
	if a.Login {
		found = "user name and password are there"
	}
	return Result{Check: Credentials, Status: OK, Found: found}
}

// unusable says why a question would not be sent; empty if it would.
func (a *attempt) unusable() string {
	if a.credentials().Status == Failed {
		return "the credentials cannot be read"
	}
	return ""
}
