package config

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// secret is a key whose value nobody else must see.
var secret = regexp.MustCompile(`(?i)pass|secret|token|credential|_key$|^key$`)

// optionText writes what a device says to its driver as one line of YAML, without
// what looks like a secret.
func optionText(n *yamldoc.Node) string {
	var parts []string
	for _, key := range n.Keys() {
		if key == "profile" || !slices.Contains(commonKeys, key) && !secret.MatchString(key) {
			parts = append(parts, key+": "+flow(n.Node(key)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// bare is what needs no quotes between the brackets of a flow.
var bare = regexp.MustCompile(`^[A-Za-z0-9_./+][A-Za-z0-9_./+-]*$|^-?[0-9][0-9.]*$`)

func flow(n *yamldoc.Node) string {
	var parts []string
	switch n.Kind() {
	case yamldoc.Map:
		for _, key := range n.Keys() {
			if !secret.MatchString(key) {
				parts = append(parts, flowText(key)+": "+flow(n.Node(key)))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case yamldoc.List:
		for i := range n.Len() {
			parts = append(parts, flow(n.Node(strconv.Itoa(i))))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case yamldoc.Scalar:
		return flowText(n.Text())
	}
	return "null"
}

func flowText(s string) string {
	if bare.MatchString(s) {
		return s
	}
	return strconv.Quote(s)
}
