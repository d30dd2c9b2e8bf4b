package aggregator

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/lamppost-city/lamppost/cloud/database"
)

// again is how often a database server that is away is asked.
const again = 2 * time.Second

// openDatabase opens the file in the data directory, or the server's database once the
// server is there, and claims it: alone, because what the parts keep in memory is true for
// one aggregator, or with others that hear of each other.
func (p *parts) openDatabase(ctx context.Context, schemas ...database.Schema) (err error) {
	if pg := p.o.Settings.Database.Postgres; pg != nil {
		p.db, err = p.awaitPostgres(ctx, database.Postgres{URL: pg.URL, Password: pg.Password}, schemas)
	} else {
		p.db, err = database.Open(ctx, filepath.Join(p.o.Settings.Data, databaseFile), schemas...)
	}
	if err != nil {
		return storage(err)
	}
	p.onClose(p.db.Close)
	if p.claim, err = p.db.Claim(ctx, p.o.Settings.MQTT.Share); err != nil {
		return storage(inUse(err))
	}
	p.onClose(p.claim.Close)
	return p.openFeed(ctx)
}

// awaitPostgres opens the server's database, and tries until the server is there. Only
// what would not pass by itself is an error, and the end of ctx.
func (p *parts) awaitPostgres(ctx context.Context, at database.Postgres, schemas []database.Schema) (*database.DB, error) {
	tick := time.NewTicker(again)
	defer tick.Stop()
	for told := false; ; told = true {
		db, err := database.OpenPostgres(ctx, at, schemas...)
		if !errors.Is(err, database.ErrAway) {
			return db, err
		}
		if !told {
			p.o.Log.Warn("the database server is not there yet; trying again until it is", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}

// inUse marks the error of a claim that another aggregator has.
func inUse(err error) error {
	if errors.Is(err, database.ErrClaimed) {
		return fmt.Errorf("%w: %w", ErrInUse, err)
	}
	return err
}
