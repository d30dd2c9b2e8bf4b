package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

// touches is when sessions and tokens were used last, as far as it is not written down yet.
// A request is answered whether or not it can be.
type touches struct {
	mu   sync.Mutex
	last map[touch]int64 // Unix milliseconds
}

// touch is a session, by its hash, or a token, by its id.
type touch struct{ table, key string }

var (
	touchSession = touch{table: "session"}
	touchToken   = touch{table: "api_token"}
)

func (t touch) of(key string) touch { t.key = key; return t }

// since returns when something was used last, which is stored as used.
func (t *touches) since(which touch, used int64) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(used, t.last[which])
}

// use notes that something is used now, at most once in usedEvery.
func (t *touches) use(which touch, used, now int64) {
	if now-used < usedEvery.Milliseconds() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.last) < maxTallies {
		t.last[which] = max(t.last[which], now)
	}
}

// take returns what is to be written.
func (t *touches) take() map[touch]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make(map[touch]int64, len(t.last))
	for k, at := range t.last {
		out[k] = at
	}
	return out
}

// done forgets what is written, unless it was used again meanwhile.
func (t *touches) done(written map[touch]int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, at := range written {
		if t.last[k] == at {
			delete(t.last, k)
		}
	}
}

// Flush writes down when sessions and tokens were used. What cannot be written now is
// kept, and counts in this process all the same.
func (b *Book) Flush(ctx context.Context) error {
	all := b.touched.take()
	if len(all) == 0 {
		return nil
	}
	err := b.write(ctx, "uses", func(tx *sql.Tx) error {
		for k, at := range all {
			column := map[string]string{"session": "hash", "api_token": "id"}[k.table]
			if _, err := tx.ExecContext(ctx, "update "+k.table+" set used = ? where "+column+" = ? and used < ?", at, k.key, at); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		b.touched.done(all)
	}
	return err
}

// flushEvery is how often Run writes.
const flushEvery = 10 * time.Second

// Run writes down now and then, and at the end, when sessions and tokens were used, until
// ctx ends. It returns nil; failed is told what was not written, which is tried again.
func (b *Book) Run(ctx context.Context, failed func(error)) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, stop := context.WithTimeout(context.WithoutCancel(ctx), flushEvery/10)
			defer stop()
			if err := b.Flush(last); err != nil {
				failed(err)
			}
			return nil
		case <-tick.C:
			if err := b.Flush(ctx); err != nil && ctx.Err() == nil {
				failed(err)
			}
		}
	}
}

// Again returns who a principal is now, with the rights of now, and does not count as a use.
// The error is ErrSession if the session or the token has ended.
func (b *Book) Again(ctx context.Context, p *Principal) (*Principal, error) {
	var who *Principal
	var err error
	switch {
	case p == nil:
		err = ErrSession
	case p.Token != "":
		who, _, err = b.token(ctx, p.Token, p.From)
	default:
		who, _, err = b.session(ctx, p.hash, p.From)
	}
	if err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	return who, nil
}

// noRow is another error where a query finds nothing.
func noRow(err, other error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return other
	}
	return err
}
