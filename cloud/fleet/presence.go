package fleet

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// Bounds on the record of when gateways came and went.
const (
	maxUnsavedTurns = 64 // of one gateway, between two saves
	maxPresence     = 2_000_000
	maxTurns        = 50_000 // in one answer
)

// turned notes that the gateway came or went; g.mu is held. One that does nothing else is cut
// short: the last turns are what counts.
func (g *gateway) turned(at int64, online bool) {
	if len(g.turns) == maxUnsavedTurns {
		g.turns = slices.Delete(g.turns, 0, 1)
	}
	g.turns = append(g.turns, view.Turn{At: at, Online: online})
}

// putTurns stores turns. Two aggregators that hear the same may both note it.
func putTurns(ctx context.Context, tx *sql.Tx, id string, turns []view.Turn) error {
	for _, t := range turns {
		_, err := tx.ExecContext(ctx, `insert into gateway_presence(gateway, at, online) values(?, ?, ?)
			on conflict(gateway, at) do update set online = excluded.online`, id, t.At, t.Online)
		if err != nil {
			return err
		}
	}
	return nil
}

// Presence returns of every gateway that was known by then when it was there between two Unix
// times in milliseconds. more: there were too many turns to return them all.
func (r *Registry) Presence(ctx context.Context, from, to int64) (list []view.ReplayPresence, more bool, err error) {
	saved, err := r.savedTurns(ctx, from, to)
	if err != nil {
		return nil, false, fmt.Errorf("fleet: presence: %w", err)
	}
	n := 0
	for _, g := range r.all() {
		p, known := g.presence(saved[g.id], from, to)
		if !known {
			continue
		}
		if n += len(p.Turns); n > maxTurns {
			p.Turns, more = p.Turns[:0], true
		}
		list = append(list, p)
	}
	return list, more, nil
}

// savedTurns reads the turns of a span by gateway, each with the last one before it.
func (r *Registry) savedTurns(ctx context.Context, from, to int64) (map[string][]view.Turn, error) {
	rows, err := r.o.DB.Read().QueryContext(ctx, `select gateway, at, online from gateway_presence where at > ?1 and at <= ?2
		union all
		select p.gateway, p.at, p.online from gateway_presence p join
			(select gateway, max(at) as at from gateway_presence where at <= ?1 group by gateway) last
			on last.gateway = p.gateway and last.at = p.at
		order by 1, 2 limit ?3`, from, to, 2*maxTurns)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string][]view.Turn{}
	for rows.Next() {
		var id string
		var t view.Turn
		if err := rows.Scan(&id, &t.At, &t.Online); err != nil {
			return nil, err
		}
		out[id] = append(out[id], t)
	}
	return out, rows.Err()
}

// presence is when a gateway was there, from its turns that are saved and those that are not
// yet; known is false if nobody had heard of it by the end.
func (g *gateway) presence(saved []view.Turn, from, to int64) (p view.ReplayPresence, known bool) {
	g.mu.Lock()
	turns := append(slices.Clone(saved), g.turns...)
	first, since, online := g.firstSeen, g.since, g.online
	g.mu.Unlock()
	if first > to {
		return p, false
	}
	p = view.ReplayPresence{Gateway: g.id, Turns: []view.Turn{}}
	slices.SortStableFunc(turns, func(a, b view.Turn) int { return int(a.At - b.At) })
	for _, t := range turns {
		switch {
		case t.At <= from:
			p.Online = &t.Online
		case t.At > to:
		case len(p.Turns) > 0 && p.Turns[len(p.Turns)-1].Online == t.Online:
			// Another aggregator noted it as well.
		case len(p.Turns) == 0 && p.Online != nil && *p.Online == t.Online:
		default:
			p.Turns = append(p.Turns, t)
		}
	}
	switch {
	case p.Online != nil:
	case first > from:
		// Nobody had heard of it.
	case since <= from:
		p.Online = &online // it has not come or gone since
	case len(p.Turns) > 0:
		was := !p.Turns[0].Online
		p.Online = &was
	}
	return p, true
}
