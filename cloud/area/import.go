package area

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
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
		// Of the tree as this aggregator knows it; another's change shows within seconds.
		plan, err = a.Tree().Plan(f, now.UnixMilli())
	} else {
		err = a.prepared(ctx, partTree, func(s *state) (func(*sql.Tx) error, error) {
			if plan, err = s.tree.Plan(f, now.UnixMilli()); err != nil || len(plan.Changes) == 0 {
				return nil, err
			}
			return func(tx *sql.Tx) error {
				if err := plan.write(ctx, tx); err != nil {
					return err
				}
				return a.o.Record(ctx, tx, plan.deed(f))
			}, nil
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
	for group := range slices.Chunk(p.put, rowsAtOnce) {
		if err := putAreas(ctx, tx, group); err != nil {
			return err
		}
	}
	return nil
}

// rowsAtOnce is how many areas one statement writes: every statement is a round trip to a
// server, in which all other writers wait.
const rowsAtOnce = 100

func putAreas(ctx context.Context, tx *sql.Tx, areas []Area) error {
	const columns = 7
	args := make([]any, 0, columns*len(areas))
	for _, a := range areas {
		shape := ""
		if len(a.Shape) > 0 {
			b, err := json.Marshal(a.Shape)
			if err != nil {
				return err
			}
			shape = string(b)
		}
		args = append(args, string(a.Code), string(a.Parent), a.Name.Zh, a.Name.En, a.Since, a.Edition, shape)
	}
	_, err := tx.ExecContext(ctx, `insert into area(code, parent, name_zh, name_en, since, edition, shape) values `+
		strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?, ?, ?, ?), ", len(areas)), ", ")+`
		on conflict(code) do update set parent = excluded.parent, name_zh = excluded.name_zh, name_en = excluded.name_en,
		since = excluded.since, edition = excluded.edition, shape = excluded.shape`, args...)
	return err
}
