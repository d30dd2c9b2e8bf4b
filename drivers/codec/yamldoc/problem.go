package yamldoc

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong, and where. Ids beginning with W are
// warnings: what they speak of works, but probably not as meant.
type Problem struct {
	File   string
	Line   int // from 1
	Col    int // from 1, in characters; a tab is one
	Width  int // characters to underline, at least 1
	ID     string
	Msg    string // what is wrong
	Hint   string // what would be valid; may be empty
	Source string // the line
}

// WithHint returns p saying what would be valid.
func (p Problem) WithHint(hint string) Problem {
	p.Hint = hint
	return p
}

// Warning says whether p stops nothing.
func (p Problem) Warning() bool { return strings.HasPrefix(p.ID, "W") }

// Error gives p in one line: place, id, what is wrong, what would be valid.
func (p Problem) Error() string {
	s := fmt.Sprintf("%s:%d:%d: %s %s", p.File, p.Line, p.Col, p.ID, p.Msg)
	if p.Hint != "" {
		s += "; " + p.Hint
	}
	return s
}

// Problems is everything wrong with a document, in the order of the file.
type Problems []Problem

// Err sorts ps and returns it as an error, or nil if nothing but warnings is in
// it.
func (ps Problems) Err() error {
	if _, errs := ps.count(); errs == 0 {
		return nil
	}
	return ps.Sorted()
}

// Sorted returns ps in the order of the file, each problem once.
func (ps Problems) Sorted() Problems {
	out := slices.Clone(ps)
	slices.SortStableFunc(out, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Msg, b.Msg))
	})
	return slices.Compact(out)
}

// Error gives one line per problem, at most twenty.
func (ps Problems) Error() string {
	var lines []string
	for i, p := range ps {
		if i == maxLines {
			lines = append(lines, fmt.Sprintf("… and %d more", len(ps)-i))
			break
		}
		lines = append(lines, p.Error())
	}
	return strings.Join(lines, "\n")
}

// worst returns the first n problems, in order, none of them a warning that takes the
// place of an error.
func (ps Problems) worst(n int) (out Problems) {
	_, errs := ps.count()
	warnings := max(0, n-errs)
	for _, p := range ps {
		if p.Warning() {
			if warnings--; warnings < 0 {
				continue
			}
		}
		if len(out) < n {
			out = append(out, p)
		}
	}
	return out
}

func (ps Problems) count() (warnings, errs int) {
	for _, p := range ps {
		if p.Warning() {
			warnings++
		} else {
			errs++
		}
	}
	return warnings, errs
}
