package area

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// refresh reads what has another version in the database. Everything is read in one
// transaction, so that no half of a change is seen.
func (a *Atlas) refresh(ctx context.Context) error {
	tx, err := a.o.DB.Read().BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // it has only read
	s := *a.is.Load()
	fresh := map[string]int64{}
	err = each(ctx, tx, "select part, n from area_version", func(scan func(...any) error) error {
		var part string
		var n int64
		err := scan(&part, &n)
		fresh[part] = n
		return err
	})
	if err != nil || maps.Equal(fresh, s.versions) {
		return err
	}
	if fresh[partTree] != s.versions[partTree] {
		if s.tree, err = loadTree(ctx, tx); err != nil {
			return err
		}
	}
	if fresh[partRest] != s.versions[partRest] {
		if err := s.loadRest(ctx, tx); err != nil {
			return err
		}
	}
	if fresh[partMap] != s.versions[partMap] {
		if s.ground, err = loadGround(ctx, tx); err != nil {
			return err
		}
	}
	s.versions = fresh
	a.is.Store(&s)
	return nil
}

// each calls row for every row of a query.
func each(ctx context.Context, tx *sql.Tx, query string, row func(scan func(...any) error) error) error {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func loadTree(ctx context.Context, tx *sql.Tx) (*Tree, error) {
	var areas []Area
	err := each(ctx, tx, "select code, parent, name_zh, name_en, since, edition, shape from area", func(scan func(...any) error) error {
		var a Area
		var shape string
		if err := scan(&a.Code, &a.Parent, &a.Name.Zh, &a.Name.En, &a.Since, &a.Edition, &shape); err != nil {
			return err
		}
		if shape != "" {
			if err := json.Unmarshal([]byte(shape), &a.Shape); err != nil {
				return fmt.Errorf("boundary of %s: %w", a.Code, err)
			}
		}
		areas = append(areas, a)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var aliases []Alias
	err = each(ctx, tx, "select old, new, name_zh, name_en, used_from, used_to from area_alias", func(scan func(...any) error) error {
		var a Alias
		err := scan(&a.Old, &a.New, &a.Name.Zh, &a.Name.En, &a.From, &a.To)
		aliases = append(aliases, a)
		return err
	})
	if err != nil {
		return nil, err
	}
	return NewTree(areas, aliases)
}

func (s *state) loadRest(ctx context.Context, tx *sql.Tx) error {
	s.departments, s.rosters, s.places = map[string]view.Department{}, map[string]rota{}, map[placeKey]view.Place{}
	s.routes = map[routeKey]string{}
	body := func(scan func(...any) error, into any) error {
		var b string
		if err := scan(&b); err != nil {
			return err
		}
		return json.Unmarshal([]byte(b), into)
	}
	err := each(ctx, tx, "select body from department", func(scan func(...any) error) error {
		var d view.Department
		err := body(scan, &d)
		s.departments[d.ID] = d
		return err
	})
	if err == nil {
		err = each(ctx, tx, "select body from roster", func(scan func(...any) error) error {
			var r view.Roster
			if err := body(scan, &r); err != nil {
				return err
			}
			compiled, err := compile(r)
			s.rosters[r.ID] = compiled
			return err
		})
	}
	if err == nil {
		err = each(ctx, tx, "select body from place", func(scan func(...any) error) error {
			var p view.Place
			err := body(scan, &p)
			s.places[placeKey{p.Gateway, p.Device}] = p
			return err
		})
	}
	if err == nil {
		err = each(ctx, tx, "select category, area, department from route", func(scan func(...any) error) error {
			var k routeKey
			var department string
			err := scan(&k.category, &k.area, &department)
			s.routes[k] = department
			return err
		})
	}
	return err
}
