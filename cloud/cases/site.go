package cases

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// site is where alerts come from: a device and the area that it names itself. There are
// about as many as devices, and each alert has the number of its own, so that a list can be
// cut to some areas by the database although where a device stands may change.
type site struct {
	id                    int64
	gateway, device, area string
}

// sites are those that are known, by id. None is ever changed, and no number has two: who
// knows one that was removed finds no alert of it.
type sites struct {
	mu  sync.Mutex
	all []site
}

// forget lets them be read anew.
func (s *sites) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = nil
}

// leave removes sites that no alert comes from: it has been moved. The newest stays, so that its
// number is not given to another.
func leave(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `delete from alert_site where id < (select max(id) from alert_site)
		and not exists (select 1 from alert where alert.site = alert_site.id)`)
	return err
}

// siteOf returns the number of an alert's site, which is made if there is none.
func siteOf(ctx context.Context, tx *sql.Tx, gateway string, a *wire.Alert) (id int64, err error) {
	find := func() error {
		return tx.QueryRowContext(ctx, "select id from alert_site where gateway = ? and device = ? and area = ?", gateway, a.Device, a.Area).Scan(&id)
	}
	if err = find(); !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	if _, err := tx.ExecContext(ctx, "insert into alert_site(gateway, device, area) values(?, ?, ?)", gateway, a.Device, a.Area); err != nil {
		return 0, err
	}
	return id, find()
}

// settleBatch is how many alerts of an older database get their site at a time.
const settleBatch = 1000

// settle gives alerts that an older version has stored their sites, and what their load is counted by.
func (b *Book) settle(ctx context.Context) error {
	for {
		n := 0
		err := b.o.DB.Write(ctx, func(tx *sql.Tx) (err error) {
			n, err = settleSome(ctx, tx)
			return err
		})
		if err != nil || n < settleBatch {
			return err
		}
	}
}

func settleSome(ctx context.Context, tx *sql.Tx) (n int, err error) {
	type row struct {
		id, gateway string
		doc         wire.Alert
	}
	rows, err := tx.QueryContext(ctx, "select id, gateway, body from alert where site = 0 limit ?", settleBatch)
	if err != nil {
		return 0, err
	}
	var list []row
	for rows.Next() {
		var r row
		var body []byte
		if err = rows.Scan(&r.id, &r.gateway, &body); err == nil {
			err = json.Unmarshal(body, &r.doc)
		}
		if err != nil {
			break
		}
		list = append(list, r)
	}
	if err := errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return 0, err
	}
	for _, r := range list {
		at, err := siteOf(ctx, tx, r.gateway, &r.doc)
		if err == nil {
			_, err = tx.ExecContext(ctx, "update alert set site = ?, rule = ?, severity = ?, worst = ? where id = ?", at, r.doc.Rule, string(r.doc.Severity), string(cmp.Or(r.doc.Worst, r.doc.Severity)), r.id)
		}
		if err != nil {
			return 0, err
		}
	}
	return len(list), nil
}

// known returns all sites; those that have come since it was last asked are read.
func (b *Book) known(ctx context.Context) ([]site, error) {
	b.sites.mu.Lock()
	defer b.sites.mu.Unlock()
	last := int64(0)
	if n := len(b.sites.all); n > 0 {
		last = b.sites.all[n-1].id
	}
	rows, err := b.o.DB.Read().QueryContext(ctx, "select id, gateway, device, area from alert_site where id > ? order by id", last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s site
		if err := rows.Scan(&s.id, &s.gateway, &s.device, &s.area); err != nil {
			return nil, err
		}
		b.sites.all = append(b.sites.all, s)
	}
	return b.sites.all[:len(b.sites.all):len(b.sites.all)], rows.Err()
}

// within is the condition that an alert lies in an area that is to be listed; empty: none
// does.
func (b *Book) within(ctx context.Context, sees func(area string) bool) (string, error) {
	all, err := b.known(ctx)
	if err != nil {
		return "", fmt.Errorf("cases: sites: %w", err)
	}
	asked := map[string]bool{}
	var in, out []int64
	for _, s := range all {
		area, _ := b.o.Site(s.gateway, s.device)
		if area == "" {
			area = s.area
		}
		is, known := asked[area]
		if !known {
			is = sees(area)
			asked[area] = is
		}
		if is {
			in = append(in, s.id)
		} else {
			out = append(out, s.id)
		}
	}
	switch {
	case len(in) == 0:
		return "", nil
	case len(out) == 0:
		// A site that came since it was asked is not seen yet.
		return "site <= " + strconv.FormatInt(slices.Max(in), 10), nil
	case len(out) < len(in):
		return "site <= " + strconv.FormatInt(max(slices.Max(in), slices.Max(out)), 10) + " and site not in (" + list(out) + ")", nil
	}
	return "site in (" + list(in) + ")", nil
}

// list writes numbers as SQL has them.
func list(ids []int64) string {
	var b strings.Builder
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(id, 10))
	}
	return b.String()
}
