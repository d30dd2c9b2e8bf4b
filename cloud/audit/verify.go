package audit

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// page is how many lines Verify holds in memory.
const page = 100

// Verify reads the log up to where it ends now, and compares it with anchors taken
// before. An error means that it could not be read, not that it is
// broken.
func (l *Log) Verify(ctx context.Context, anchors ...Head) (v view.AuditVerdict, err error) {
	tx, err := l.db.Read().BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return v, fmt.Errorf("audit: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it only reads
	var end Head
	if err := tx.QueryRowContext(ctx, "select chain, n, hash from audit_head where one = 1").Scan(&end.Chain, &end.N, &end.Hash); err != nil {
		return v, fmt.Errorf("audit: %w", err)
	}
	w := walk{at: Head{Chain: end.Chain, Hash: genesis(end.Chain)}, until: end.N, anchors: anchors, of: map[int64][]Head{}}
	for _, a := range anchors {
		w.of[a.N] = append(w.of[a.N], a)
	}
	for w.broken == 0 {
		rows, err := tx.QueryContext(ctx, "select "+columns+" from audit where n > ? and n <= ? order by n limit ?", w.at.N, end.N, page)
		if err != nil {
			return v, fmt.Errorf("audit: %w", err)
		}
		lines, err := scan(rows)
		if err != nil {
			return v, fmt.Errorf("audit: %w", err)
		}
		for i := range lines {
			w.step(&lines[i])
		}
		if len(lines) < page {
			break
		}
	}
	w.finish(end)
	var beyond int64 // in one statement: lines may have been added meanwhile
	if err := tx.QueryRowContext(ctx, "select count(*) from audit where n < 1 or n > (select n from audit_head where one = 1)").Scan(&beyond); err != nil {
		return v, fmt.Errorf("audit: %w", err)
	}
	if beyond > 0 {
		w.fail(end.N+1, "日志末尾之后多出行", "there are lines that the log did not write")
	}
	v = view.AuditVerdict{Lines: w.at.N, Head: w.at.String(), Anchors: len(anchors), Why: w.why}
	if w.broken != 0 {
		v.Broken = &w.broken
	}
	return v, nil
}

// walk follows the chain. The first thing that is wrong stays.
type walk struct {
	at      Head
	until   int64
	anchors []Head
	of      map[int64][]Head // the same, by their lines
	broken  int64
	why     view.Text
}

func (w *walk) fail(n int64, zh, en string) {
	if w.broken == 0 {
		w.broken, w.why = n, view.Text{Zh: zh, En: en}
	}
}

// step takes the next line.
func (w *walk) step(e *view.Audit) {
	switch {
	case w.broken != 0:
		return
	case e.N != w.at.N+1:
		w.fail(w.at.N+1, "缺少此行", "this line is missing")
		return
	case link(w.at.Hash, e) != e.Hash:
		w.fail(e.N, "此行或前一行被改动，或为插入行", "this line or the one before was changed, or it was put in between")
		return
	}
	w.at.N, w.at.Hash = e.N, e.Hash
	for _, a := range w.of[e.N] {
		if a.Chain == w.at.Chain && a.Hash != e.Hash {
			w.fail(e.N, "与此前取出的锚点不符：此行之前的日志被重写", "it differs from an anchor that was taken: the log was written anew up to here")
		}
	}
}

// finish compares the end with the head and with anchors that lie beyond it.
func (w *walk) finish(end Head) {
	switch {
	case w.broken != 0:
		return
	case w.at.N < end.N:
		w.fail(w.at.N+1, "日志末尾被截去", "the end of the log was cut off")
	case w.at.Hash != end.Hash:
		w.fail(max(w.at.N, 1), "日志末尾与链头不符", "the end of the log does not agree with its head")
	}
	for _, a := range w.anchors {
		switch {
		case a.Chain != w.at.Chain:
			w.fail(1, "锚点属于另一份日志：日志被整个替换", "an anchor belongs to another log: this one was put in its place")
		case a.N > w.at.N:
			w.fail(w.at.N+1, "锚点之前的日志末尾被截去", "the log ends before an anchor that was taken: its end was cut off")
		case a.N == 0 && a.Hash != genesis(a.Chain):
			w.fail(1, "锚点无效", "an anchor is not of this log's making")
		}
	}
}
