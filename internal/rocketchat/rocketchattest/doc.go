// Package rocketchattest is a test double of a Rocket.Chat workspace with
// Omnichannel: an [http.Handler] that behaves like the server's REST API where
// that matters to a client.
//
// A [Workspace] holds departments and rooms and answers by running the server's
// own match over them; no answer is canned. It checks a request in the order in
// which a server of its [Profile] does, with the same statuses, bodies and
// headers, keeps the server's rate limit, and can be made to fail in every way
// that was seen or feared of a real one ([Workspace.Inject]).
//
// The package knows nothing of its clients and must stay so: it imports no other
// package of this module, because a mistake shared by the double and the client
// would be a mistake that no test sees.
package rocketchattest
