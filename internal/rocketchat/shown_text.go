package rocketchat

// ShownText returns a text that came from the network as it may be shown to people: as
// one line of printable ASCII without long words, and not at all if it holds one of the
// secrets or a part of one. An [*Error] holds no other text.
func ShownText(text string, secrets ...string) string {
	return remoteText{secrets: secrets}.clean(text)
}

// HoldsSecret reports whether the text holds one of the secrets or a part of one.
func HoldsSecret(text string, secrets ...string) bool {
	return remoteText{secrets: secrets}.tells(text)
}
