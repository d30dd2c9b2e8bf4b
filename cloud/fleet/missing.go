package fleet

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// maxMissing is of how many pictures it is remembered that they never come.
const maxMissing = 500_000

// putMissing notes which pictures never come; the first reason stays. It returns those that
// were not known yet.
func putMissing(ctx context.Context, tx *sql.Tx, gateway string, m wire.Missing, received int64) (news []string, err error) {
	for _, image := range m.Images {
		res, err := tx.ExecContext(ctx, "insert into missing_picture(gateway, image, why, received) values(?, ?, ?, ?) on conflict do nothing",
			gateway, image, m.Why, received)
		if err != nil {
			return nil, err
		}
		if n, err := res.RowsAffected(); err != nil {
			return nil, err
		} else if n > 0 {
			news = append(news, image)
		}
	}
	return news, nil
}

// Missed notes that this aggregator itself will never have pictures of a gateway. It
// returns nil when that is on the disk.
func (r *Registry) Missed(ctx context.Context, gateway string, m wire.Missing, at time.Time) error {
	var news []string
	err := r.o.DB.Write(ctx, func(tx *sql.Tx) (err error) {
		news, err = putMissing(ctx, tx, gateway, m, at.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("fleet: missing pictures of %s: %w", gateway, err)
	}
	r.publishMissing(gateway, news, m.Why)
	return nil
}

func (r *Registry) publishMissing(gateway string, images []string, why string) {
	if len(images) > 0 {
		r.o.Publish("missing", view.Missing{Gateway: gateway, Images: images, Why: why})
	}
}

// Missing returns which of these pictures never come, as their gateways said, and why.
func (r *Registry) Missing(ctx context.Context, images []string) ([]view.Missing, error) {
	if len(images) == 0 {
		return nil, nil
	}
	marks, args := make([]string, len(images)), make([]any, len(images))
	for i, image := range images {
		marks[i], args[i] = "?", image
	}
	rows, err := r.o.DB.Read().QueryContext(ctx, "select gateway, image, why from missing_picture where image in ("+strings.Join(marks, ",")+")", args...)
	if err != nil {
		return nil, fmt.Errorf("fleet: missing pictures: %w", err)
	}
	defer rows.Close()
	var out []view.Missing
	for rows.Next() {
		m := view.Missing{Images: []string{""}}
		if err := rows.Scan(&m.Gateway, &m.Images[0], &m.Why); err != nil {
			return nil, fmt.Errorf("fleet: missing pictures: %w", err)
		}
		out = append(out, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("fleet: missing pictures: %w", err)
	}
	return out, nil
}
