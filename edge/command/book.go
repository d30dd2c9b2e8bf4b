package command

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// maxEntries of a key are remembered.
const maxEntries = 64

// book is what is remembered of a key's commands.
type book struct {
	V       int      `json:"v"`
	Floor   int64    `json:"floor"`   // all issued until then is late, unless it is below
	Entries []*entry `json:"entries"` // in the order of issue
}

// entry is one command. Without a Reply it was begun and not ended.
type entry struct {
	ID      string      `json:"id"`
	Issued  int64       `json:"issued"`
	Subject string      `json:"subject,omitempty"` // empty: it was refused
	Reply   *wire.Reply `json:"reply,omitempty"`

	underWay bool // in this run
}

const bookVersion = 1

func (b *book) encode() ([]byte, error) {
	b.V = bookVersion
	return json.Marshal(b)
}

// decodeBook reads what encode wrote.
func decodeBook(data []byte) (*book, error) {
	var b book
	if err := json.Unmarshal(data, &b); err != nil {
		return nil, fmt.Errorf("commands carried out: %w", err)
	}
	if b.V != bookVersion || len(b.Entries) > maxEntries || b.Floor < 0 {
		return nil, fmt.Errorf("commands carried out: version %d with %d entries is not what this program writes", b.V, len(b.Entries))
	}
	for _, e := range b.Entries {
		if e == nil || e.ID == "" || e.Reply != nil && (e.Reply.ID != e.ID || e.Reply.Validate() != nil) {
			return nil, fmt.Errorf("commands carried out: an entry is damaged")
		}
	}
	return &b, nil
}

func (b *book) find(id string) *entry {
	i := slices.IndexFunc(b.Entries, func(e *entry) bool { return e.ID == id })
	if i < 0 {
		return nil
	}
	return b.Entries[i]
}

// overtaken refuses a command that a newer one about the same came before, and one of
// which nothing may be remembered any more.
func (b *book) overtaken(c *wire.Command) error {
	if c.Issued <= b.Floor {
		return Refuse(wire.RefusedLate, "one issued at %s, or after it, was carried out long ago", stamp(b.Floor))
	}
	for _, e := range b.Entries {
		if e.Issued == c.Issued || e.Issued > c.Issued && e.Subject == c.Subject() {
			return Refuse(wire.RefusedLate, "one about the same that was issued at %s came before it", stamp(e.Issued))
		}
	}
	return nil
}

// add remembers a command. What has to give way for it is the oldest that is not
// under way; there are more entries than can be under way.
func (b *book) add(c *wire.Command) *entry {
	e := &entry{ID: c.ID, Issued: c.Issued, Subject: c.Subject()}
	i, _ := slices.BinarySearchFunc(b.Entries, e, func(x, y *entry) int { return int(min(max(x.Issued-y.Issued, -1), 1)) })
	b.Entries = slices.Insert(b.Entries, i, e)
	if len(b.Entries) > maxEntries {
		if i := slices.IndexFunc(b.Entries, func(x *entry) bool { return x != e && !x.underWay }); i >= 0 {
			b.Floor = max(b.Floor, b.Entries[i].Issued)
			b.Entries = slices.Delete(b.Entries, i, i+1)
		}
	}
	return e
}
