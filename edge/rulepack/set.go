package rulepack

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Limits of a folder and of a pack.
const (
	maxPacks      = 200
	maxRules      = 50
	maxParameters = 30
)

// Reader reads packs.
type Reader struct {
	Metrics *obs.Catalog
	// Fields are what a message may hold in braces, Ahead those of a forecast's beside.
	Fields, Ahead []string
	// Judge says what is wrong with the texts of a rule that has no other mistakes. Nil:
	// nobody judges them before a site uses the rule.
	Judge func(*Rule) []Wrong
}

// Wrong is a mistake in a text of a rule, at its place there.
type Wrong struct {
	Field          string // when, clear, forecast, or below these: levels.red.when, forecast.window
	Offset, Length int    // bytes
	ID, Msg, Hint  string
}

// Set is packs by id and their rules. The methods of a nil Set answer like those of an
// empty one.
type Set struct {
	reader Reader
	packs  map[string]*Pack
	rules  map[string]*Rule
	broken map[string]bool // rules and packs of files with mistakes, which were told
	digest []byte
}

// Read reads folders of packs. The error is yamldoc.Problems: everything wrong in all of
// them.
func (r Reader) Read(folders ...fs.FS) (*Set, error) {
	s := &Set{reader: r}
	var all yamldoc.Problems
	for _, folder := range folders {
		next, err := s.Extend("", folder)
		var ps yamldoc.Problems
		if err != nil && !errors.As(err, &ps) {
			return nil, err
		}
		s, all = next, append(all, ps...)
	}
	if err := all.Err(); err != nil {
		return nil, fmt.Errorf("rule packs: %w", err)
	}
	return s, nil
}

// SetOf returns the set of one pack, to test it with.
func SetOf(p *Pack) *Set {
	s := &Set{packs: map[string]*Pack{p.ID: p}, rules: map[string]*Rule{}}
	s.index()
	return s
}

// Packs returns the packs in the order of their ids.
func (s *Set) Packs() (all []*Pack) {
	if s == nil {
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(s.packs)) {
		all = append(all, s.packs[id])
	}
	return all
}

// RuleIDs returns the ids of all rules in order.
func (s *Set) RuleIDs() []string {
	if s == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(s.rules))
}

// Get returns the rule called id. It must not be changed.
func (s *Set) Get(id string) (*Rule, bool) {
	if s == nil {
		return nil, false
	}
	r, ok := s.rules[id]
	return r, ok
}

// Digest changes when anything in any of the packs does.
func (s *Set) Digest() []byte {
	if s == nil {
		return nil
	}
	return slices.Clone(s.digest)
}

// Extend returns s with the packs of one more folder; a file replaces the pack of its
// name. name is how messages call the folder, empty for what is built in. s is not
// changed. What is wrong in the files is reported at once, as yamldoc.Problems, and the
// set without them comes with it; any other error is of a folder that cannot be read.
func (s *Set) Extend(name string, folder fs.FS) (*Set, error) {
	out := &Set{reader: s.reader, packs: maps.Clone(s.packs), rules: map[string]*Rule{}, broken: map[string]bool{}}
	if out.packs == nil {
		out.packs = map[string]*Pack{}
	}
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return s, fmt.Errorf("rule packs: %w", err)
	}
	var all yamldoc.Problems
	sum := sha256.New()
	sum.Write(s.digest)
	for i, e := range entries {
		shown, id := path.Join(name, e.Name()), strings.TrimSuffix(e.Name(), ".yaml")
		switch ext := path.Ext(e.Name()); {
		case i >= maxPacks:
			all = append(all, about(shown, "E3007", fmt.Sprintf("this folder holds more than %d files", maxPacks), "name a folder that holds nothing but rule packs"))
		case ext == ".yaml" && !e.IsDir():
			src, err := readFile(folder, e.Name())
			if err != nil {
				all = append(all, about(shown, "E3007", fmt.Sprintf("this pack cannot be read: %v", err), "make it a file that can be read, or take it away"))
				out.broken[id] = true
				continue
			}
			fmt.Fprintf(sum, "%q %d\n%s", e.Name(), len(src), src)
			p, ps := s.reader.parse(shown, id, src)
			if all = append(all, ps...); p == nil {
				out.broken[id] = true
				continue
			}
			_, p.Replaces = s.Pack(id)
			p.Own = name != ""
			out.packs[id] = p
			for _, r := range p.Rules {
				out.broken[r.ID] = ps.Err() != nil
			}
			continue
		case strings.EqualFold(ext, ".yml"), strings.EqualFold(ext, ".yaml"):
			all = append(all, about(shown, "E3007", "only files called *.yaml are read", "rename it to "+strings.TrimSuffix(e.Name(), ext)+".yaml"))
		}
		if i >= maxPacks {
			break
		}
	}
	out.digest = sum.Sum(nil)
	all = append(all, out.index()...)
	return out, all.Err()
}

// Pack returns the pack of that id.
func (s *Set) Pack(id string) (*Pack, bool) {
	if s == nil {
		return nil, false
	}
	p, ok := s.packs[id]
	return p, ok
}

// index lists the rules of all packs, each id once.
func (s *Set) index() (all yamldoc.Problems) {
	for _, p := range s.Packs() {
		for _, r := range p.Rules {
			if was := s.rules[r.ID]; was != nil {
				later, first := r, was
				if was.Pack.Own && !p.Own {
					later, first = was, r
				}
				all = append(all, later.node.KeyProblem("E3006", fmt.Sprintf("a rule %s is in %s already", r.ID, first.Pack.File)).WithHint("choose another id, or name the file "+first.Pack.ID+".yaml to replace that pack"))
				continue
			}
			if !s.broken[r.ID] {
				s.rules[r.ID] = r
			}
		}
	}
	return all
}

// readFile reads no more of a file than is looked at.
func readFile(folder fs.FS, name string) ([]byte, error) {
	switch st, err := fs.Stat(folder, name); {
	case err != nil:
		return nil, cause(err)
	case !st.Mode().IsRegular(): // opening a pipe waits for somebody who writes to it
		return nil, errors.New("not a regular file")
	}
	f, err := folder.Open(name)
	if err != nil {
		return nil, cause(err)
	}
	src, err := io.ReadAll(io.LimitReader(f, yamldoc.MaxBytes+1))
	return src, errors.Join(err, f.Close())
}

func cause(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// about is a problem of a whole file.
func about(file, id, msg, hint string) yamldoc.Problem {
	return yamldoc.Problem{File: file, Line: 1, Col: 1, Width: 1, ID: id, Msg: msg, Hint: hint}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
