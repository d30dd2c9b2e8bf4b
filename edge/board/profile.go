package board

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// Profile is what is known of a family of boards.
type Profile struct {
	ID     string
	Models []string // beginnings of what the device tree says
	Notes  map[string][]string
	Disks  map[Kind]Treatment
}

// Treatment says how a kind of disk is to be used.
type Treatment struct {
	Commit time.Duration // between two flushes
	// Rewrites is how often the whole disk may be written over, a cautious assumption
	// for parts whose maker states nothing. 0: it does not wear.
	Rewrites int
}

// Profiles are all boards, read from data.
type Profiles struct {
	usual Profile
	all   []Profile
}

// usual is the profile of boards that have none of their own.
const usual = "default"

type profileKeys struct {
	Models []string            `yaml:"models"`
	Notes  notesKeys           `yaml:"notes"`
	Disks  map[string]diskKeys `yaml:"disks"`
}

type notesKeys struct {
	ZH []string `yaml:"zh"`
	EN []string `yaml:"en"`
}

type diskKeys struct {
	Commit   time.Duration `yaml:"commit,required"`
	Rewrites int           `yaml:"rewrites"`
}

// kinds are those that a profile may speak of.
var kinds = []Kind{SD, EMMC, SSD, NVMe, HDD, Memory, Network, Unknown}

// ParseProfiles reads a folder of boards. default.yaml must be there and speak of
// every kind of disk; the others state what differs. Errors name file and line.
func ParseProfiles(dir fs.FS) (*Profiles, error) {
	names, err := fs.Glob(dir, "*.yaml")
	if err != nil {
		return nil, err
	}
	ps := &Profiles{}
	for _, name := range names {
		p, err := parseProfile(dir, name)
		if err != nil {
			return nil, err
		}
		if p.ID == usual {
			ps.usual = p
			continue
		}
		ps.all = append(ps.all, p)
	}
	for _, k := range kinds {
		if _, ok := ps.usual.Disks[k]; !ok {
			return nil, fmt.Errorf("boards: %s.yaml does not say how to treat %s; add disks.%s", usual, k, k)
		}
	}
	return ps, nil
}

func parseProfile(dir fs.FS, name string) (Profile, error) {
	src, err := fs.ReadFile(dir, name)
	if err != nil {
		return Profile{}, err
	}
	var k profileKeys
	doc, err := yamldoc.Parse("boards/"+name, src)
	if err == nil {
		err = doc.Decode(&k)
	}
	if err != nil {
		return Profile{}, err
	}
	p := Profile{ID: strings.TrimSuffix(path.Base(name), ".yaml"), Models: k.Models, Notes: map[string][]string{"zh": k.Notes.ZH, "en": k.Notes.EN}, Disks: map[Kind]Treatment{}}
	if (p.ID == usual) != (len(p.Models) == 0) || slices.Contains(p.Models, "") {
		return Profile{}, fmt.Errorf("boards/%s: every board but the default needs models", name)
	}
	for kind, d := range k.Disks {
		if !slices.Contains(kinds, Kind(kind)) || d.Commit <= 0 || d.Rewrites < 0 {
			return Profile{}, fmt.Errorf("boards/%s: disks.%s: no such kind of disk, or figures below zero", name, kind)
		}
		p.Disks[Kind(kind)] = Treatment(d)
	}
	return p, nil
}

// For returns the profile whose model fits most closely, complete with what the
// default says.
func (ps *Profiles) For(model string) Profile {
	best, fits := ps.usual, 0
	for _, p := range ps.all {
		for _, m := range p.Models {
			if strings.HasPrefix(model, m) && len(m) > fits {
				best, fits = p, len(m)
			}
		}
	}
	full := Profile{ID: best.ID, Models: best.Models, Notes: best.Notes, Disks: map[Kind]Treatment{}}
	for kind, t := range ps.usual.Disks {
		if own, ok := best.Disks[kind]; ok {
			t = own
		}
		full.Disks[kind] = t
	}
	return full
}

// Endurance is what may be written to d in its life by the profile's assumption;
// 0: it does not wear, or nothing is known.
func (p Profile) Endurance(d Disk) int64 { return d.Bytes * int64(p.Disks[d.Kind].Rewrites) }
