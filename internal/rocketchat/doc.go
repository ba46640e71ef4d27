// Package rocketchat asks a Rocket.Chat workspace for its Omnichannel numbers.
//
// It owns everything that is peculiar to the server: how a request is made,
// what each answer means, how an answer arrives whole when it has more rows
// than one page, how often it may be asked, how an account logs in, and what an
// operator has to do when there is no answer. Every call ends in one [Outcome] of a
// closed set, and is taken from the [Budgets] of its server and route.
//
// It must not know Prometheus, windows, scrapes or configuration files: it is
// asked for a period and answers with departments or with an [*Error].
//
// Facts about the server come from its sources (RocketChat/Rocket.Chat, 6.x to
// 8.x) and from https://developer.rocket.chat/apidocs.
package rocketchat
