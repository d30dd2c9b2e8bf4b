package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
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

// ofPeople are the keys of a device that change nothing about how it is read.
var ofPeople = []string{"name", "upload", "checks"}

// mark is Device.Mark. With a profile of the site's own, all that stands beside it counts:
// which file is its own is not told apart.
func (l *loader) mark(n *yamldoc.Node, profile string) string {
	sum := sha256.New()
	for _, key := range n.Keys() {
		if !slices.Contains(ofPeople, key) {
			fmt.Fprintf(sum, "%q: %s\n", key, flowOf(n.Node(key), func(string) bool { return false }))
		}
	}
	if _, own := l.env.Beside.Files[profile]; own {
		sum.Write(l.env.Beside.Digest)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// files is Device.Files.
func files(n *yamldoc.Node) (paths []string) {
	for _, key := range n.Keys() {
		if !slices.Contains(commonKeys, key) {
			paths = appendPaths(paths, n.Node(key))
			if file := n.Node(key); strings.HasSuffix(key, "_file") && file.Kind() == yamldoc.Scalar && file.Text() != "" && !filepath.IsAbs(file.Text()) {
				paths = append(paths, file.Beside(file.Text()))
			}
		}
	}
	return paths
}

func appendPaths(paths []string, n *yamldoc.Node) []string {
	switch n.Kind() {
	case yamldoc.Map:
		for _, key := range n.Keys() {
			paths = appendPaths(paths, n.Node(key))
		}
	case yamldoc.List:
		for i := range n.Len() {
			paths = appendPaths(paths, n.Node(strconv.Itoa(i)))
		}
	case yamldoc.Scalar:
		if filepath.IsAbs(n.Text()) {
			return append(paths, n.Text())
		}
	}
	return paths
}

// flow writes a value on one line, without what looks like a secret.
func flow(n *yamldoc.Node) string { return flowOf(n, secret.MatchString) }

func flowOf(n *yamldoc.Node, hidden func(key string) bool) string {
	var parts []string
	switch n.Kind() {
	case yamldoc.Map:
		for _, key := range n.Keys() {
			if !hidden(key) {
				parts = append(parts, flowText(key)+": "+flowOf(n.Node(key), hidden))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case yamldoc.List:
		for i := range n.Len() {
			parts = append(parts, flowOf(n.Node(strconv.Itoa(i)), hidden))
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
