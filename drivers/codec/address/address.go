// Package address shows addresses, such as a camera's or a broker's, to people and in logs.
// Names and passwords stand in them before the host, in the query, and with some devices in
// the path: nothing of an address but its scheme and its host is ever to be shown.
//
// Many addresses with a password are none by RFC 3986, since somebody wrote a password's
// # or / as it is. Where its host then could as well be a part of the password, it is not
// shown.
package address

import (
	"regexp"
	"strconv"
	"strings"
)

// hidden stands for what is not shown.
const hidden = "***"

// Show returns what may be seen of an address, good or not: rtsp://***@host:554/***.
// An address without // is a device's node, and stands as it is unless it could hold a
// name, password or query.
func Show(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		if strings.ContainsAny(text, "@?#") {
			return hidden
		}
		return text
	}
	if !schemes.MatchString(scheme) {
		return hidden
	}
	from, to := Host(rest)
	if from == to {
		return scheme + "://" + hidden
	}
	out := scheme + "://"
	if from > 0 {
		out += hidden + "@"
	}
	out += rest[from:to]
	if tail := rest[to:]; tail != "" && tail != "/" {
		out += "/" + hidden
	}
	return out
}

// ShowAll is Show of each.
func ShowAll(texts []string) (all []string) {
	for _, t := range texts {
		all = append(all, Show(t))
	}
	return all
}

// Host finds what may be seen in rest, which is what follows :// in an address: host and
// port are rest[from:to], and nothing is if they are equal.
func Host(rest string) (from, to int) {
	to = len(rest)
	if i := strings.IndexAny(rest, `/?#\`); i >= 0 {
		to = i
	}
	from = strings.LastIndexByte(rest[:to], '@') + 1
	if strings.Contains(rest[to:], "@") { // the password may have begun before this
		return 0, 0
	}
	m := hosts.FindStringSubmatch(rest[from:to])
	if m == nil {
		return 0, 0
	}
	if _, err := strconv.ParseUint(m[1], 10, 16); m[1] != "" && err != nil {
		return 0, 0
	}
	return from, to
}

var (
	schemes = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*$`)
	hosts   = regexp.MustCompile(`^(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::([0-9]*))?$`)
)
