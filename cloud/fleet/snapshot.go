package fleet

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/lamppost-city/lamppost/drivers/obs"
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
		for s := range values {
			if l := g.values[s]; l != nil {
				l.unsaved = true
			}
		}
	}
	return undo, func(ctx context.Context, tx *sql.Tx) error { return writeRows(ctx, tx, g.id, row, values) }
}

func writeRows(ctx context.Context, tx *sql.Tx, id string, row []any, values map[obs.Stream]latest) error {
	_, err := tx.ExecContext(ctx, `insert into gateway(id, first_seen, last_seen, online, conn, since, state)
		values(?, ?, ?, ?, ?, ?, ?) on conflict(id) do update set first_seen = excluded.first_seen, last_seen = excluded.last_seen,
			online = excluded.online, conn = excluded.conn, since = excluded.since, state = excluded.state`, row...)
	if err != nil || len(values) == 0 {
		return err
	}
	put, err := tx.PrepareContext(ctx, `insert into last_value(gateway, device, channel, t, v, qc, why, unit)
		values(?, ?, ?, ?, ?, ?, ?, ?) on conflict(gateway, device, channel) do update set
			t = excluded.t, v = excluded.v, qc = excluded.qc, why = excluded.why, unit = excluded.unit`)
	if err != nil {
		return err
	}
	defer put.Close()
	for s, l := range values {
		v := sql.NullFloat64{Float64: l.v, Valid: !math.IsNaN(l.v) && !math.IsInf(l.v, 0)}
		if _, err := put.ExecContext(ctx, id, s.Device, s.Channel, l.t, v, l.q.Flag.Code(), string(l.q.Why), l.unit); err != nil {
			return err
		}
	}
	return nil
}

func (r *Registry) load(ctx context.Context) error {
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
		r.gateways[g.id] = g
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("fleet: load: %w", err)
	}
	return r.loadValues(ctx)
}

func (r *Registry) loadValues(ctx context.Context) error {
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
		if g := r.gateways[id]; g != nil {
			g.values[s] = l
		}
	}
	for _, g := range r.gateways {
		g.forget()
	}
	return rows.Err()
}
