package fleet

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// saveGroup is how many gateways are saved in one transaction.
const saveGroup = 500

// Save writes what is shown and has changed since the last Save to the disk.
func (r *Registry) Save(ctx context.Context) error {
	for group := range slices.Chunk(r.all(), saveGroup) {
		if err := r.save(ctx, group); err != nil {
			return fmt.Errorf("fleet: save: %w", err)
		}
	}
	return nil
}

func (r *Registry) save(ctx context.Context, group []*gateway) error {
	var undos []func()
	var writes []func(context.Context, *sql.Tx) error
	for _, g := range group {
		if undo, write := g.unsavedParts(); write != nil {
			undos, writes = append(undos, undo), append(writes, write)
		}
	}
	if len(writes) == 0 {
		return nil
	}
	err := r.o.DB.Write(ctx, func(tx *sql.Tx) error {
		for _, write := range writes {
			if err := write(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		for _, undo := range undos {
			undo()
		}
	}
	return err
}

// unsavedParts copies what is unsaved, marks it saved, and returns how to write
// the copy and how to take the mark back; write is nil if there is nothing.
func (g *gateway) unsavedParts() (undo func(), write func(context.Context, *sql.Tx) error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	values := map[obs.Stream]latest{}
	for s, l := range g.values {
		if l.unsaved {
			l.unsaved = false
			values[s] = *l
		}
	}
	if !g.unsaved && len(values) == 0 {
		return nil, nil
	}
	g.unsaved = false
	turns := g.turns
	g.turns = nil
	row := []any{g.id, g.firstSeen, g.lastSeen, g.online, g.conn, g.since, []byte{}}
	if g.stated {
		b, err := json.Marshal(g.state)
		if err != nil {
			return func() {}, func(context.Context, *sql.Tx) error { return err }
		}
		row[6] = b
	}
	undo = func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.unsaved = true
		g.turns = append(turns, g.turns...)
		for s := range values {
			if l := g.values[s]; l != nil {
				l.unsaved = true
			}
		}
	}
	return undo, func(ctx context.Context, tx *sql.Tx) error {
		if err := putTurns(ctx, tx, g.id, turns); err != nil {
			return err
		}
		return writeRows(ctx, tx, g.id, row, values)
	}
}

func writeRows(ctx context.Context, tx *sql.Tx, id string, row []any, values map[obs.Stream]latest) error {
	// Another aggregator may have heard it later.
	_, err := tx.ExecContext(ctx, `insert into gateway(id, first_seen, last_seen, online, conn, since, state)
		values(?, ?, ?, ?, ?, ?, ?) on conflict(id) do update set first_seen = excluded.first_seen, last_seen = excluded.last_seen,
			online = excluded.online, conn = excluded.conn, since = excluded.since, state = excluded.state
		where gateway.last_seen <= excluded.last_seen`, row...)
	if err != nil || len(values) == 0 {
		return err
	}
	put, err := tx.PrepareContext(ctx, `insert into last_value(gateway, device, channel, t, v, qc, why, unit)
		values(?, ?, ?, ?, ?, ?, ?, ?) on conflict(gateway, device, channel) do update set
			t = excluded.t, v = excluded.v, qc = excluded.qc, why = excluded.why, unit = excluded.unit
		where last_value.t <= excluded.t or last_value.t > ?`)
	if err != nil {
		return err
	}
	defer put.Close()
	future := time.Now().Add(ahead).UnixMilli()
	for s, l := range values {
		v := sql.NullFloat64{Float64: l.v, Valid: !math.IsNaN(l.v) && !math.IsInf(l.v, 0)}
		if _, err := put.ExecContext(ctx, id, s.Device, s.Channel, l.t, v, l.q.Flag.Code(), string(l.q.Why), l.unit, future); err != nil {
			return err
		}
	}
	return nil
}

// load reads what was saved.
func (r *Registry) load(ctx context.Context) error {
	err := r.saved(ctx, func(g *gateway) { r.gateways[g.id] = g })
	if err != nil {
		return err
	}
	err = r.savedValues(ctx, func(id string, s obs.Stream, l *latest) {
		if g := r.gateways[id]; g != nil {
			g.values[s] = l
		}
	})
	for _, g := range r.gateways {
		g.forget()
	}
	return err
}

// Heard takes over what other aggregators have saved and this one has not heard: they may
// have been there when it was not.
func (r *Registry) Heard(ctx context.Context) error {
	now := time.Now().UnixMilli()
	err := r.saved(ctx, func(of *gateway) {
		g, err := r.entry(of.id, time.Time{})
		if err != nil {
			return // there is no room, as is said where its messages come
		}
		defer g.mu.Unlock()
		if g.takeOver(of); g.announce {
			r.touch(g)
		}
	})
	if err != nil {
		return err
	}
	return r.savedValues(ctx, func(id string, s obs.Stream, l *latest) {
		g := r.get(id)
		if g == nil {
			return
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.adopt(s, l, now, r.o.MaxStreams); len(g.dirty) > 0 {
			r.touch(g)
		}
	})
}

// takeOver takes over what another aggregator knew last of the gateway; g.mu is held.
func (g *gateway) takeOver(of *gateway) {
	g.firstSeen = min(g.firstSeen, of.firstSeen)
	if of.lastSeen <= g.lastSeen {
		return
	}
	g.lastSeen = of.lastSeen
	if of.stated && (!g.stated || older(g.state, of.state)) {
		g.state, g.stated, g.every, g.announce = of.state, true, of.every, true
		g.forget()
	}
	if of.conn > g.conn || of.conn == g.conn && of.since > g.since {
		g.announce = g.announce || g.online != of.online
		g.online, g.conn, g.since = of.online, of.conn, of.since
	}
}

// adopt takes over a value, if it is newer; g.mu is held.
func (g *gateway) adopt(s obs.Stream, l *latest, now int64, limit int) {
	_, has := g.every[s.Device]
	if len(g.every) > 0 && !has && s.Device != wire.HeartbeatStream.Device {
		return
	}
	is := g.values[s]
	if is == nil && len(g.values) >= limit || is != nil && l.t <= is.t && is.t <= now+ahead.Milliseconds() {
		return
	}
	if is == nil || !is.dirty {
		g.dirty = append(g.dirty, s)
	}
	l.dirty = true
	g.values[s] = l
}

// saved reads the gateways.
func (r *Registry) saved(ctx context.Context, take func(*gateway)) error {
	rows, err := r.o.DB.Read().QueryContext(ctx, "select id, first_seen, last_seen, online, conn, since, state from gateway")
	if err != nil {
		return fmt.Errorf("fleet: load: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		g := &gateway{values: map[obs.Stream]*latest{}}
		var state []byte
		if err := rows.Scan(&g.id, &g.firstSeen, &g.lastSeen, &g.online, &g.conn, &g.since, &state); err != nil {
			return fmt.Errorf("fleet: load: %w", err)
		}
		if len(state) > 0 {
			if err := json.Unmarshal(state, &g.state); err != nil {
				return fmt.Errorf("fleet: load: state of %s: %w", g.id, err)
			}
			g.stated = true
			g.every = make(map[string]int64, len(g.state.Devices))
			for _, d := range g.state.Devices {
				g.every[d.ID] = d.EveryMS
			}
		}
		take(g)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("fleet: load: %w", err)
	}
	return nil
}

// savedValues reads the newest values.
func (r *Registry) savedValues(ctx context.Context, take func(gateway string, s obs.Stream, l *latest)) error {
	rows, err := r.o.DB.Read().QueryContext(ctx, "select gateway, device, channel, t, v, qc, why, unit from last_value")
	if err != nil {
		return fmt.Errorf("fleet: load values: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, why string
		var s obs.Stream
		var v sql.NullFloat64
		var qc int
		l := &latest{v: math.NaN()}
		if err := rows.Scan(&id, &s.Device, &s.Channel, &l.t, &v, &qc, &why, &l.unit); err != nil {
			return fmt.Errorf("fleet: load values: %w", err)
		}
		if v.Valid {
			l.v = v.Float64
		}
		l.q.Flag, _ = obs.FlagOf(qc)
		l.q.Why = obs.Reason(why)
		take(id, s, l)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("fleet: load values: %w", err)
	}
	return nil
}
