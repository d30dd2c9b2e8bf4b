package aggregator

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lamppost-city/lamppost/cloud/database"
)

// keyTables keeps by which keys aggregators know each other that share a database. The keys
// themselves are in files alone: who reads the database has none of them.
func keyTables() database.Schema {
	return database.Schema{Name: "keys", Steps: []string{`
create table shared_key(
	name text not null primary key,  -- of the file
	digest text not null
) strict;
`}}
}

// sharedKey opens a key in the data directory with ensure, which makes it if there is none.
// Aggregators that share a database need the same one: one that has another is refused, and
// where there is one already none is made.
func sharedKey[K ~[]byte](ctx context.Context, p *parts, name string, ensure func(dir string) (K, error)) (K, error) {
	dir := p.o.Settings.Data
	if !p.o.Settings.MQTT.Share {
		return ensure(dir)
	}
	path := filepath.Join(dir, name)
	other := fmt.Errorf("%w: the aggregators that share this database have another %s; copy theirs to %s, readable for this user alone (after a change of the key on purpose: stop all, delete the row of shared_key, and give all the new one)", ErrSettings, name, path)
	var known string
	err := p.db.Read().QueryRowContext(ctx, "select digest from shared_key where name = ?", name).Scan(&known)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, storage(err)
	}
	if _, err := os.Stat(path); known != "" && errors.Is(err, fs.ErrNotExist) {
		return nil, other
	}
	key, err := ensure(dir)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte("lamppost "+name+"\n"), key...))
	mine := hex.EncodeToString(sum[:])
	err = p.db.Write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "insert into shared_key(name, digest) values(?, ?) on conflict(name) do nothing", name, mine); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, "select digest from shared_key where name = ?", name).Scan(&known)
	})
	if err != nil {
		return nil, storage(err)
	}
	if known != mine {
		return nil, other
	}
	return key, nil
}

// keyError is the error of a key: one of storage, if the settings are not to blame.
func keyError(err error) error {
	if errors.Is(err, ErrSettings) {
		return err
	}
	return storage(err)
}
