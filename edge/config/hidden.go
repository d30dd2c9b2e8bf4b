package config

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// hidden asks a driver once more when something that it was told could not be read, or
// cannot be: it stopped there, and has not judged the rest. Told is only what it says of
// keys with which nothing is wrong, and nothing that may follow from one with which there
// is. What it plans of the rest says what that needs; it may be nil.
func (l *loader) hidden(kind drivers.Kind, n *yamldoc.Node, fit, unfit []string) *drivers.Plan {
	wrong := l.wrongNames(n)
	p, err := again(kind, func(options any) error {
		var ps yamldoc.Problems
		if err := n.DecodeFitting(options, fit, unfit); !errors.As(err, &ps) {
			return err
		}
		return nil // they were told
	})
	for _, e := range optionErrors(err) {
		if !l.follows(n, e, wrong) {
			l.option(n, e)
		}
	}
	return p
}

// again plans, and takes a driver that gives up on half a device for one that says nothing.
func again(kind drivers.Kind, decode func(any) error) (p *drivers.Plan, err error) {
	defer func() {
		if recover() != nil {
			p, err = nil, nil
		}
	}()
	return kind.Plan(decode)
}

// missingKey is the problem of a map that lacks a key, reported at the map's own.
const missingKey = "E1104"

// follows says whether an error may come of what is wrong elsewhere: of its own key, what
// that is in (but for a key that is missing there), what is in it, or another key that it
// speaks of.
func (l *loader) follows(n *yamldoc.Node, e *drivers.OptionError, wrong []string) bool {
	at := n
	for _, key := range strings.Split(e.Key, ".") {
		next := at.Node(key)
		if next == nil {
			break // a channel's name may have a dot; the node above is judged then
		}
		if at = next; l.told(at, missingKey) {
			return true
		}
	}
	return at == n || l.told(at) || len(l.wrongNames(at)) > 0 ||
		slices.ContainsFunc(wrong, func(key string) bool {
			return strings.Contains(e.Msg, key+":") || strings.Contains(e.Msg, "("+key+")") || strings.HasPrefix(e.Msg, key+" ")
		})
}

// wrongNames are the keys below n at which a problem was reported.
func (l *loader) wrongNames(n *yamldoc.Node) (keys []string) {
	below := n.Keys()
	for i := range n.Len() - len(below) {
		below = append(below, strconv.Itoa(i))
	}
	for _, key := range below {
		if l.told(n.Node(key)) {
			keys = append(keys, key)
		}
		keys = append(keys, l.wrongNames(n.Node(key))...)
	}
	return keys
}

// told says whether a problem other than these was reported at a value or its key.
func (l *loader) told(n *yamldoc.Node, but ...string) bool {
	value, key := n.Problem("", ""), n.KeyProblem("", "")
	return slices.ContainsFunc(l.problems, func(p yamldoc.Problem) bool {
		return !p.Warning() && !slices.Contains(but, p.ID) && (p.Line == value.Line && p.Col == value.Col || p.Line == key.Line && p.Col == key.Col)
	})
}

// optionErrors are the drivers.OptionErrors that an error holds, joined or not.
func optionErrors(err error) (all []*drivers.OptionError) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			all = append(all, optionErrors(e)...)
		}
		return all
	}
	var one *drivers.OptionError
	if errors.As(err, &one) {
		all = append(all, one)
	}
	return all
}
