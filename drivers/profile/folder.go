package profile

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
)

// Limits of a folder.
const (
	maxProfiles = 1000
	maxEntries  = 10_000 // files and folders of any kind: somebody named the root of a disk
)

// Set is a set of profiles by id. It may be used from several goroutines, and what is
// in it never changes. The methods of a nil Set answer like those of an empty one.
type Set struct {
	formats Formats
	others  bool // files of other protocols are passed over
	byID    map[string]Profile
	ids     []string
	broken  map[string]bool // ids of files with mistakes, which were told
	digest  []byte
}

// Read reads every *.yaml file in the given folders and below. A profile in a later
// folder replaces one with the same id in an earlier one. Each profile is checked
// against its own fixtures. Everything that is wrong in all files is reported at once,
// as yamldoc.Problems.
func (fs Formats) Read(folders ...fs.FS) (*Set, error) { return (&Set{formats: fs}).read(folders) }

// ReadOnly is Read for those who know one protocol: files of others are passed over.
func ReadOnly(f Format, folders ...fs.FS) (*Set, error) {
	return (&Set{formats: Formats{f}, others: true}).read(folders)
}

func (s *Set) read(folders []fs.FS) (*Set, error) {
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
		return nil, fmt.Errorf("device profiles: %w", err)
	}
	return s, nil
}

// IDs returns the ids in order.
func (s *Set) IDs() []string {
	if s == nil {
		return nil
	}
	return slices.Clone(s.ids)
}

// Names are the ids, those of files with mistakes among them, in order.
func (s *Set) Names() []string {
	if s == nil {
		return nil
	}
	all := append(slices.Collect(maps.Keys(s.broken)), s.ids...)
	slices.Sort(all)
	return slices.Compact(all)
}

// Broken says whether the file of that id has mistakes, which were told.
func (s *Set) Broken(id string) bool { return s != nil && s.broken[id] }

// Get returns the profile called id. It must not be changed.
func (s *Set) Get(id string) (Profile, bool) {
	if s == nil {
		return nil, false
	}
	f, ok := s.byID[id]
	return f, ok
}

// Extend returns s with the profiles of one more folder, which replace those with the
// same id: a site puts its own beside the built-in ones. name is how messages call the
// folder; empty, its files are named alone. s is not changed.
//
// What is wrong in the files is reported at once, as yamldoc.Problems; the set that
// comes with them serves to judge the rest of a configuration: a device whose profile
// has mistakes is refused without another word. Any other error is of a folder that
// cannot be read.
func (s *Set) Extend(name string, folder fs.FS) (*Set, error) {
	out := &Set{formats: s.formats, others: s.others, byID: map[string]Profile{}, broken: map[string]bool{}}
	maps.Copy(out.byID, s.byID)
	maps.Copy(out.broken, s.broken)
	files, err := yamlFiles(name, folder)
	var all yamldoc.Problems
	if err != nil && !errors.As(err, &all) {
		return s, fmt.Errorf("device profiles: %w", err)
	}
	sum, here := sha256.New(), map[string]string{}
	sum.Write(s.digest)
	for _, file := range files {
		shown, id := path.Join(name, file), strings.TrimSuffix(path.Base(file), ".yaml")
		src, err := readFile(folder, file)
		if err != nil { // one such file hides nobody else's profiles
			out.broken[id], all = true, append(all, unreadable(shown, err))
			continue
		}
		fmt.Fprintf(sum, "%q %d\n%s", file, len(src), src)
		if s.others && s.foreign(shown, src) {
			continue
		}
		f, err := s.formats.Parse(shown, src)
		var ps yamldoc.Problems
		switch {
		case errors.As(err, &ps):
			out.broken[id], all = true, append(all, ps...)
			continue
		case err != nil:
			return s, fmt.Errorf("device profiles: %s: %w", shown, err)
		case here[id] != "":
			all = append(all, about(shown, badID, fmt.Sprintf("profile %s is in %s already", id, here[id]), "delete one of the two"))
			continue
		}
		_, f.About().Replaces = s.byID[id]
		f.About().Own, here[id] = name != "", shown
		out.byID[id] = f
		delete(out.broken, id)
	}
	out.ids, out.digest = slices.Sorted(maps.Keys(out.byID)), sum.Sum(nil)
	return out, all.Err()
}

// foreign says whether a file is of a protocol that s does not know.
func (s *Set) foreign(file string, src []byte) bool {
	doc, err := yamldoc.Parse(file, src)
	if err != nil {
		return false // its problems are told
	}
	_, known := s.formats.of(doc)
	return !known
}

// Digest changes when anything in any of the folders' profiles does.
func (s *Set) Digest() []byte {
	if s == nil {
		return nil
	}
	return slices.Clone(s.digest)
}

// errNoFile is the cause when a name in the folder stands for no text.
var errNoFile = errors.New("not a regular file")

// unreadable is a problem of a file that the folder lists and that gives no text.
func unreadable(file string, err error) yamldoc.Problem {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	hint := "make it a file that can be read, or take it away"
	if errors.Is(err, fs.ErrNotExist) {
		hint = "its link leads nowhere; mend the link, or take it away"
	}
	return about(file, badName, fmt.Sprintf("this profile cannot be read: %v", err), hint)
}

// about is a problem of a whole file.
func about(file, id, msg, hint string) yamldoc.Problem {
	return yamldoc.Problem{File: file, Line: 1, Col: 1, Width: 1, ID: id, Msg: msg, Hint: hint}
}

// yamlFiles lists the profiles of a folder in the order of their names. A name that
// looks like a profile's and is none is told: silence would pass for success.
func yamlFiles(name string, folder fs.FS) (files []string, err error) {
	var all yamldoc.Problems
	entries := 0
	err = fs.WalkDir(folder, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil && file == "." {
			return err
		}
		if err != nil { // a folder below that may not be read hides nobody else's profiles
			all = append(all, unreadable(path.Join(name, file), err))
			return fs.SkipDir
		}
		if entries++; entries > maxEntries || len(files) > maxProfiles {
			all = append(all, about(path.Join(name, file), badName, fmt.Sprintf("this folder holds more than %d files or %d profiles", maxEntries, maxProfiles), "name a folder that holds nothing but device profiles"))
			return fs.SkipAll
		}
		switch ext := path.Ext(file); {
		case d.IsDir():
		case ext == ".yaml":
			files = append(files, file)
		case strings.EqualFold(ext, ".yml"), strings.EqualFold(ext, ".yaml"):
			all = append(all, about(path.Join(name, file), badName, "only files called *.yaml are read", "rename it to "+strings.TrimSuffix(path.Base(file), ext)+".yaml"))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return files, all.Err()
}

// readFile reads no more of a file than yamldoc will look at.
func readFile(folder fs.FS, name string) ([]byte, error) {
	switch st, err := fs.Stat(folder, name); {
	case err != nil:
		return nil, err
	case !st.Mode().IsRegular(): // opening a pipe waits for somebody who writes to it
		return nil, errNoFile
	}
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	src, err := io.ReadAll(io.LimitReader(f, yamldoc.MaxBytes+1))
	return src, errors.Join(err, f.Close())
}
