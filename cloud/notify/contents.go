package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// contents are the events of a delivery: the newest of each subject, the most severe first
// and of each source as many as of another, as many as a message names.
type contents struct {
	kind     string
	formed   int64
	events   []Event
	subjects int // how many there are
	told     []string
	first    bool
	count    map[string]int // subjects by level
	causes   []cause
}

// cause is what symptoms come from that nobody was told of.
type cause struct {
	name     view.Text
	symptoms int
}

// item is an event of a delivery as contents needs it.
type item struct{ event, subject, level, source string }

// contents reads what a delivery is about.
func (o *Office) contents(ctx context.Context, id string) (c contents, err error) {
	if err := o.o.DB.Read().QueryRowContext(ctx, "select kind, formed from notice_delivery where id = ?", id).Scan(&c.kind, &c.formed); err != nil {
		return c, fmt.Errorf("delivery %s: %w", id, err)
	}
	items, first, err := o.items(ctx, id, &c)
	if err != nil {
		return c, err
	}
	c.count = map[string]int{}
	for _, it := range items {
		c.count[it.level]++
	}
	c.subjects = len(items)
	for _, it := range items[:min(len(items), maxNamed)] {
		e, err := readEvent(ctx, o.o.DB.Read(), it.event)
		if err != nil {
			return c, err
		}
		c.events, c.first = append(c.events, e), c.first || e.First
	}
	if first != "" && !c.first {
		e, err := readEvent(ctx, o.o.DB.Read(), first)
		if err != nil {
			return c, err
		}
		c.first = e.First
	}
	return c, o.addCauses(ctx, id, &c)
}

// items reads the newest event of each subject in order, and which was the first of all.
func (o *Office) items(ctx context.Context, id string, c *contents) (out []item, first string, err error) {
	rows, err := o.o.DB.Read().QueryContext(ctx, "select event, subject, level, source, told from notice_item where delivery = ? and cause = '' order by n", id)
	if err != nil {
		return nil, "", err
	}
	defer rows.Close()
	at := map[string]int{}
	for rows.Next() {
		var it item
		var told string
		if err := rows.Scan(&it.event, &it.subject, &it.level, &it.source, &told); err != nil {
			return nil, "", err
		}
		if err := c.tell(told); err != nil {
			return nil, "", fmt.Errorf("delivery %s: %w", id, err)
		}
		if first == "" {
			first = it.event
		}
		if i, ok := at[it.subject]; ok {
			out[i] = it
			continue
		}
		at[it.subject] = len(out)
		out = append(out, it)
	}
	return inOrder(out), first, rows.Err()
}

// tell adds persons to be called by name.
func (c *contents) tell(list string) error {
	var people []string
	if err := json.Unmarshal([]byte(list), &people); err != nil {
		return err
	}
	for _, p := range people {
		if len(c.told) < maxCalled && !slices.Contains(c.told, p) {
			c.told = append(c.told, p)
		}
	}
	return nil
}

// maxCalled is how many persons a message calls by name.
const maxCalled = 50

// inOrder sorts by level, and within a level lets the sources take turns.
func inOrder(items []item) []item {
	type key struct{ level, source string }
	turns, turn := map[key]int{}, map[string]int{}
	for _, it := range items {
		k := key{it.level, it.source}
		if it.source != "" {
			turns[k]++
		}
		turn[it.subject] = turns[k]
	}
	slices.SortStableFunc(items, func(a, b item) int {
		return cmp.Or(rank(a.level)-rank(b.level), turn[a.subject]-turn[b.subject])
	})
	return items
}

// maxCauses is how many causes a message names.
const maxCauses = 10

// addCauses counts the symptoms of a delivery that nobody was told of, by their cause.
func (o *Office) addCauses(ctx context.Context, id string, c *contents) error {
	rows, err := o.o.DB.Read().QueryContext(ctx, "select cause, count(distinct subject) from notice_item where delivery = ? and cause <> '' group by cause order by 2 desc, cause limit ?", id, maxCauses)
	if err != nil {
		return err
	}
	defer rows.Close()
	found := map[string]int{}
	for rows.Next() {
		var subject string
		var n int
		if err := rows.Scan(&subject, &n); err != nil {
			return err
		}
		found[subject] = n
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, subject := range slices.Sorted(maps.Keys(found)) {
		c.causes = append(c.causes, cause{o.last(ctx, subject), found[subject]})
	}
	return nil
}

// last is the latest sentence about a subject, or its id where nothing is known of it.
func (o *Office) last(ctx context.Context, subject string) view.Text {
	var body string
	var e Event
	err := o.o.DB.Read().QueryRowContext(ctx, "select body from notice_event where subject = ? order by taken desc, id desc limit 1", subject).Scan(&body)
	if err != nil || json.Unmarshal([]byte(body), &e) != nil {
		return view.Text{Zh: subject, En: subject} // to have no name for it is no reason to tell nothing
	}
	return e.Text
}
