package config

import (
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// Journal says where and how much is kept, and how often it goes to the disk.
type Journal struct {
	Dir       string
	Size      int64         // bytes
	Age       time.Duration // what is older and stored may go; 0: as long as there is room
	Reserve   int64         // bytes of Size that only alerts may use
	Commit    time.Duration // a power cut costs readings younger than this
	CommitWhy string        // why Commit is what it is, one clause; empty if the file says it
	Stills    Stills
	Endurance int64 // bytes the card may be written in its life; 0: not known
}

// Storage is what a machine says of the disk that holds the journal.
type Storage struct {
	Commit time.Duration // that suits it
	Why    string        // "mmcblk0 is an SD card"
}

type journalKeys struct {
	Dir       yamldoc.Path   `yaml:"dir"`
	Size      *yamldoc.Size  `yaml:"size"`
	Age       *time.Duration `yaml:"age"`
	Reserve   *yamldoc.Size  `yaml:"reserve"`
	Commit    *time.Duration `yaml:"commit"`
	Endurance *yamldoc.Size  `yaml:"endurance"`
	Stills    stillsKeys     `yaml:"stills"`
}

// Defaults and bounds of the journal.
const (
	DefaultCommit = 10 * time.Second // where nothing is known of the disk

	minSize      = 16_000_000
	maxSize      = 4_000_000_000_000
	minCommit    = 10 * time.Millisecond
	maxCommit    = 5 * time.Minute
	minAge       = time.Hour
	mostReserve  = 16_000_000 // by default
	reserveShare = 16         // of the size, by default
	minReserve   = 256_000
	minEndurance = 100_000_000_000
)

func (l *loader) journal() {
	k := l.raw.Journal
	j := Journal{Dir: or(string(k.Dir), DefaultDir), Size: DefaultSize}
	if k.Size != nil {
		j.Size = int64(*k.Size)
		if !l.wrong("journal", "size") && (j.Size < minSize || j.Size > maxSize) {
			l.say("E2301", fmt.Sprintf("a journal of %v is out of range; write 16MB to 4TB", *k.Size), "journal", "size")
		}
	}
	if k.Age != nil && !l.wrong("journal", "age") {
		if j.Age = *k.Age; j.Age < minAge {
			l.say("E2301", "an age is an hour or longer, 30d for example; leave it out to keep things as long as there is room", "journal", "age")
		}
	}
	j.Reserve = min(j.Size/reserveShare, mostReserve)
	if k.Reserve != nil && !l.wrong("journal", "reserve") {
		if j.Reserve = int64(*k.Reserve); j.Reserve < minReserve || j.Reserve > j.Size/2 {
			l.say("E2301", fmt.Sprintf("the reserve for alerts is 256kB to half of size; leave it out for %v", yamldoc.Size(min(j.Size/reserveShare, mostReserve))), "journal", "reserve")
		}
	}
	if k.Endurance != nil && !l.wrong("journal", "endurance") {
		if j.Endurance = int64(*k.Endurance); j.Endurance < minEndurance {
			l.say("E2301", "a card's endurance is what may be written in its whole life, 20TB for example; leave it out if the maker does not state it", "journal", "endurance")
		}
	}
	l.stills(&j, k.Stills)
	l.commit(&j, k.Commit)
	l.config.Journal = j
}

// commit takes the interval of the file, or the one that suits the disk.
func (l *loader) commit(j *Journal, stated *time.Duration) {
	switch {
	case stated != nil:
		j.Commit = *stated
		if !l.wrong("journal", "commit") && (j.Commit < minCommit || j.Commit > maxCommit) {
			l.say("E2301", "a commit interval is 10ms to 5m; 10s saves an SD card, 1s loses less", "journal", "commit")
		}
	case l.env.Storage == nil:
		j.Commit, j.CommitWhy = DefaultCommit, "default"
	default:
		s := l.env.Storage(j.Dir)
		j.Commit, j.CommitWhy = s.Commit, "default: "+s.Why
	}
}
