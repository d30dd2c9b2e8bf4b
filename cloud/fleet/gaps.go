package fleet

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// putGap inserts a gap and, if it can be dated, returns it.
func putGap(ctx context.Context, tx *sql.Tx, id string, epoch wire.Epoch, seq int64, g wire.Gap) ([]view.Gap, error) {
	from, err := date(ctx, tx, id, g.From)
	if err != nil {
		return nil, err
	}
	to, err := date(ctx, tx, id, g.To)
	if err != nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, `insert into gap(gateway, epoch, seq, from_unix, from_boot, from_ms, to_unix, to_boot, to_ms, why, detail)
		values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
		id, string(epoch), seq, from, g.From.Boot, g.From.BootMS, to, g.To.Boot, g.To.BootMS, g.Why, g.Detail)
	if err != nil || from == 0 || to == 0 {
		return nil, err
	}
	return []view.Gap{{Gateway: id, From: from, To: to, Why: g.Why, Detail: g.Detail}}, nil
}

// date returns the Unix time of a moment, from the nearest anchor of its boot if
// the gateway could not say; 0 if there is none yet.
func date(ctx context.Context, tx *sql.Tx, id string, m wire.Moment) (int64, error) {
	if m.Unix != 0 {
		return m.Unix, nil
	}
	var unix int64
	err := tx.QueryRowContext(ctx, `select unix - boot_ms from event
		where gateway = ? and boot = ? and kind = 'anchor' and unix != 0
		order by abs(boot_ms - ?) limit 1`, id, m.Boot, m.BootMS).Scan(&unix)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return unix + m.BootMS, err
}

// dateGaps dates the gaps that waited for an anchor of this boot.
func dateGaps(ctx context.Context, tx *sql.Tx, id string, anchor wire.Moment) ([]view.Gap, error) {
	shift := anchor.Unix - anchor.BootMS
	rows, err := tx.QueryContext(ctx, `update gap set
			from_unix = case when from_unix = 0 and from_boot = ?2 then from_ms + ?3 else from_unix end,
			to_unix   = case when to_unix   = 0 and to_boot   = ?2 then to_ms   + ?3 else to_unix   end
		where gateway = ?1 and (from_unix = 0 and from_boot = ?2 or to_unix = 0 and to_boot = ?2)
		returning from_unix, to_unix, why, detail`, id, anchor.Boot, shift)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []view.Gap
	for rows.Next() {
		g := view.Gap{Gateway: id}
		if err := rows.Scan(&g.From, &g.To, &g.Why, &g.Detail); err != nil {
			return nil, err
		}
		if g.From != 0 && g.To != 0 {
			out = append(out, g)
		}
	}
	return out, rows.Err()
}

// declared is the epoch under which the aggregator's own gaps are kept; no journal
// has it.
const declared = "aggregator"

// Declare stores a gap that the aggregator itself has found, such as values beyond
// the store's retention. A gap of the same gateway, reason and start replaces the
// one before.
func (r *Registry) Declare(ctx context.Context, g view.Gap) error {
	err := r.o.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `insert into gap(gateway, epoch, seq, from_unix, from_boot, from_ms, to_unix, to_boot, to_ms, why, detail)
			values(?1, ?2, ?3, ?3, '', 0, ?4, '', 0, ?5, ?6)
			on conflict(gateway, epoch, seq) do update set
				to_unix = case when gap.to_unix > excluded.to_unix then gap.to_unix else excluded.to_unix end, detail = excluded.detail`,
			g.Gateway, declared+" "+g.Why, g.From, g.To, g.Why, g.Detail)
		return err
	})
	if err != nil {
		return fmt.Errorf("fleet: declare a gap: %w", err)
	}
	r.o.Publish("gap", g)
	return nil
}

// Gaps returns the dated gaps that overlap from … to (Unix milliseconds; to = 0: no
// end), of one gateway or, with an empty id, of all, in the order of their start,
// at most 10 000.
func (r *Registry) Gaps(ctx context.Context, id string, from, to int64) ([]view.Gap, error) {
	if to == 0 {
		to = math.MaxInt64
	}
	rows, err := r.o.DB.Read().QueryContext(ctx, `select gateway, from_unix, to_unix, why, detail from gap
		where (?1 = '' or gateway = ?1) and from_unix != 0 and to_unix != 0 and from_unix < ?3 and to_unix >= ?2
		order by from_unix, gateway limit 10000`, id, from, to)
	if err != nil {
		return nil, fmt.Errorf("fleet: gaps: %w", err)
	}
	defer rows.Close()
	out := []view.Gap{}
	for rows.Next() {
		var g view.Gap
		if err := rows.Scan(&g.Gateway, &g.From, &g.To, &g.Why, &g.Detail); err != nil {
			return nil, fmt.Errorf("fleet: gaps: %w", err)
		}
		out = append(out, g)
	}
	return out, rows.Err()
}

// Gap returns a gap by its key in the table, whichever aggregator has noted it; ok is false
// if there is none or it is not dated yet.
func (r *Registry) Gap(ctx context.Context, gateway, epoch string, seq int64) (g view.Gap, ok bool, err error) {
	g.Gateway = gateway
	err = r.o.DB.Read().QueryRowContext(ctx, "select from_unix, to_unix, why, detail from gap where gateway = ? and epoch = ? and seq = ?", gateway, epoch, seq).
		Scan(&g.From, &g.To, &g.Why, &g.Detail)
	if errors.Is(err, sql.ErrNoRows) {
		return g, false, nil
	}
	if err != nil {
		return g, false, fmt.Errorf("fleet: gap of %s: %w", gateway, err)
	}
	return g, g.From != 0 && g.To != 0, nil
}
