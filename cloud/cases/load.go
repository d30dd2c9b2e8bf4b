package cases

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/lamppost-city/lamppost/cloud/cases/performance"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// mostLoaded bounds how many alerts Load reads.
const mostLoaded = 2_000_000

// Load adds the alerts that came from one time on and before another, in Unix milliseconds,
// and works out how many there were to bear; now is what counts for those that stand. sees
// says of an area whether what lies in it counts, as with List. The error is a
// *view.FieldError if there are more than two million.
func (b *Book) Load(ctx context.Context, l *performance.Load, from, to, now int64, sees func(area string) bool) (*view.AlertLoad, error) {
	within, err := b.within(ctx, sees)
	if err != nil {
		return nil, err
	}
	if within == "" {
		return l.Figures(0), nil
	}
	all, err := b.known(ctx)
	if err != nil {
		return nil, fmt.Errorf("cases: load: %w", err)
	}
	before := from - performance.Before.Milliseconds()
	rows, err := b.o.DB.Read().QueryContext(ctx, "select received, site, worst, rule from alert where received >= ? and received < ? and "+within+" order by received limit ?",
		before, to, mostLoaded+1)
	if err != nil {
		return nil, fmt.Errorf("cases: load: %w", err)
	}
	defer rows.Close()
	if err := loaded(rows, l, all); err != nil {
		return nil, fmt.Errorf("cases: load: %w", err)
	}
	var standing int
	err = b.o.DB.Read().QueryRowContext(ctx, "select count(*) from alert where condition = 'active' and received <= ? and "+within, now-performance.Stands.Milliseconds()).Scan(&standing)
	if err != nil {
		return nil, fmt.Errorf("cases: load: %w", err)
	}
	return l.Figures(standing), nil
}

// loaded adds rows of alerts of known sites, in the order of their times.
func loaded(rows *sql.Rows, l *performance.Load, all []site) error {
	byID := make(map[int64]site, len(all))
	for _, s := range all {
		byID[s.id] = s
	}
	type key struct {
		site int64
		rule string
	}
	numbers := map[key]int{}
	var received, at int64
	var worst, rule sql.RawBytes
	for n := 0; rows.Next(); n++ {
		if n == mostLoaded {
			return &view.FieldError{Field: "from", Text: view.Text{Zh: "告警超过 200 万条，请缩短时间段", En: "these are more than two million alerts; ask for fewer days"}}
		}
		if err := rows.Scan(&received, &at, &worst, &rule); err != nil {
			return err
		}
		point, known := numbers[key{at, string(rule)}]
		if !known {
			point = l.Point(performance.Point{Gateway: byID[at].gateway, Device: byID[at].device, Rule: string(rule)})
			numbers[key{at, string(rule)}] = point
		}
		l.Add(received, point, wire.Severity(worst))
	}
	return rows.Err()
}
