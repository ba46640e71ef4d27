package main

import (
	"strings"
)

// notification is one notification of Alertmanager, as one line.
type notification interface {
	line() string
}

// message is what Alertmanager writes into a channel of Rocket.Chat. The shipped
// configuration makes its texts.
type message struct {
	Channel     string
	Attachments []struct{ Title, Text string }
}

// line implements notification.
func (m message) line() string {
	words := []string{"Rocket.Chat", m.Channel + ":"}
	for _, a := range m.Attachments {
		words = append(words, a.Title, a.Text)
	}
	return inOneLine(words)
}

// webhook is what Alertmanager sends to a webhook.
type webhook struct {
	Status            string
	GroupLabels       map[string]string
	CommonAnnotations map[string]string
	Alerts            []struct {
		Status      string
		Annotations map[string]string
	}
}

// line implements notification.
func (w webhook) line() string {
	words := []string{"Webhook,", w.Status + ":", w.GroupLabels["alertname"] + ".", w.CommonAnnotations["summary"]}
	for _, a := range w.Alerts {
		if a.Status != w.Status {
			words = append(words, "Resolved:")
		}
		words = append(words, a.Annotations["description"])
	}
	return inOneLine(words)
}

// inOneLine are texts with a space in place of each run of white space.
func inOneLine(texts []string) string {
	return strings.Join(strings.Fields(strings.Join(texts, " ")), " ")
}
