package area

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// maxChanges is how many changes an import lists.
const maxChanges = 1000

// Import takes over what a file says, whole or, if its error is view.Faults, not at all.
// A dry run changes nothing and answers the same.
func (a *Atlas) Import(ctx context.Context, f File, dry bool, now time.Time) (view.AreaImport, error) {
	var plan Plan
	var err error
	if dry {
		plan, err = a.Tree().Plan(f, now.UnixMilli())
	} else {
		err = a.change(ctx, partTree, func(tx *sql.Tx, s *state) (err error) {
			if plan, err = s.tree.Plan(f, now.UnixMilli()); err != nil || len(plan.Changes) == 0 {
				return err
			}
			return plan.write(ctx, tx)
		})
	}
	if err != nil {
		return view.AreaImport{}, fmt.Errorf("area: import: %w", err)
	}
	shown := min(len(plan.Changes), maxChanges)
	return view.AreaImport{
		DryRun: dry, Format: f.Format, Encoding: f.Encoding, Read: len(f.Rows), Unchanged: plan.Unchanged, Kept: plan.Kept,
		Changes: append([]view.AreaChange{}, plan.Changes[:shown]...), More: len(plan.Changes) - shown,
	}, nil
}

// write carries out a plan.
func (p *Plan) write(ctx context.Context, tx *sql.Tx) error {
	for _, c := range p.revived {
		if _, err := tx.ExecContext(ctx, "delete from area_alias where old = ?", string(c)); err != nil {
			return err
		}
	}
	for _, c := range p.drop {
		if _, err := tx.ExecContext(ctx, "delete from area where code = ?", string(c)); err != nil {
			return err
		}
	}
	for _, a := range p.aliases {
		if _, err := tx.ExecContext(ctx, `insert into area_alias(old, new, name_zh, name_en, used_from, used_to) values(?, ?, ?, ?, ?, ?)`,
			string(a.Old), string(a.New), a.Name.Zh, a.Name.En, a.From, a.To); err != nil {
			return err
		}
	}
	put, err := tx.PrepareContext(ctx, `insert into area(code, parent, name_zh, name_en, since, edition, shape) values(?, ?, ?, ?, ?, ?, ?)
		on conflict(code) do update set parent = excluded.parent, name_zh = excluded.name_zh, name_en = excluded.name_en,
		since = excluded.since, edition = excluded.edition, shape = excluded.shape`)
	if err != nil {
		return err
	}
	defer put.Close()
	for _, a := range p.put {
		shape := ""
		if len(a.Shape) > 0 {
			b, err := json.Marshal(a.Shape)
			if err != nil {
				return err
			}
			shape = string(b)
		}
		if _, err := put.ExecContext(ctx, string(a.Code), string(a.Parent), a.Name.Zh, a.Name.En, a.Since, a.Edition, shape); err != nil {
			return err
		}
	}
	return nil
}
