package main

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/tidwall/wal"
	"go.etcd.io/bbolt"
	_ "modernc.org/sqlite" // the driver

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
)

// sink keeps records durably: what was appended before commit returned is there
// after a power cut, if the sink promises anything of that kind.
type sink interface {
	append(body []byte) error
	commit() error
	count() (int, error) // records that can be read back
	close() error
}

// contender is a way to keep records, used as its own documentation recommends.
type contender struct {
	name     string
	open     func(dir string) (sink, error)
	promises string // what it does about power cuts and damage
}

func contenders() []contender {
	return []contender{
		{"bare file", openBare, "yardstick: length and bytes, fdatasync; no checksum, no torn tail, nothing is ever given up"},
		{"lamppost", openJournal, "CRC-32C per block bound to file and epoch; torn tail told from damage; reads on behind damage; lost numbers known; full disk is a state"},
		{"  at its quota", openFull, "the same, writing over segments that it gave up"},
		{"sqlite", openSQLite, "WAL frames have checksums, the database file none; torn tail dropped; damage is SQLITE_CORRUPT or wrong data; what was lost is not known"},
		{"bbolt", openBolt, "checksum on the two meta pages only; torn commit falls back to the one before; damage of a page is a panic or wrong data; what was lost is not known"},
		{"tidwall/wal", openWAL, "no checksum; a torn tail is ErrCorrupt at Open, to be repaired by hand; what was lost is not known"},
		{"paho filestore", openPaho, "no sync at all: a power cut may cost everything unwritten; panics on any write error; 65 535 messages at most"},
	}
}

// bare is what no log can beat: the bytes and a flush.
type bare struct {
	f   *os.File
	buf []byte
	n   int
}

func openBare(dir string) (sink, error) {
	f, err := os.Create(filepath.Join(dir, "bare"))
	return &bare{f: f}, err
}

func (b *bare) append(body []byte) error {
	b.buf = append(binary.AppendUvarint(b.buf, uint64(len(body))), body...)
	b.n++
	return nil
}

func (b *bare) commit() error {
	if _, err := b.f.Write(b.buf); err != nil {
		return err
	}
	b.buf = b.buf[:0]
	return fdatasync(b.f)
}

func (b *bare) count() (int, error) { return b.n, nil }
func (b *bare) close() error        { return b.f.Close() }

type ours struct {
	j    *journal.Journal
	from uint64 // the first record that counts
	held int64  // bytes written before it
}

func openJournal(dir string) (sink, error) { return openOurs(dir, 2<<30) }

func openOurs(dir string, size int64) (*ours, error) {
	// The rig commits by itself, like everywhere else.
	j, err := journal.Open(filepath.Join(dir, "journal"), journal.Options{Size: size, Reserve: 16 << 20, Commit: time.Hour})
	return &ours{j: j, from: 1}, err
}

// openFull is a journal that has reached its quota, as one that has been in the
// field for a while: it writes over segments that it gave up.
func openFull(dir string) (sink, error) {
	o, err := openOurs(dir, 64<<20)
	if err != nil {
		return nil, err
	}
	noise, r := make([]byte, 60<<10), rand.NewChaCha8([32]byte{1})
	for o.j.Stats().Written < 96<<20 {
		for range 32 {
			if _, err := r.Read(noise); err != nil {
				return nil, err
			}
			if err := o.append(noise); err != nil {
				return nil, err
			}
		}
		if err := o.commit(); err != nil {
			return nil, err
		}
		stored := func(journal.Epoch, journal.Range) []journal.Range { return nil }
		if err := o.j.Trim(context.Background(), stored, nil); err != nil {
			return nil, err
		}
	}
	s := o.j.Stats()
	o.from, o.held = s.Next, int64(s.Written)
	return o, nil
}

func (o *ours) append(body []byte) error {
	_, err := o.j.Append(record.KindSample, body)
	return err
}

func (o *ours) commit() error { return o.j.Sync(context.Background()) }
func (o *ours) close() error  { return o.j.Close() }

// taken is what the records take: the files are longer, the room for what comes
// is theirs already.
func (o *ours) taken() int64 { return int64(o.j.Stats().Written) - o.held }

func (o *ours) count() (n int, err error) {
	err = o.j.Read(o.j.Epoch(), o.from, 1<<62, func(journal.Record) error { n++; return nil })
	return n, err
}

// lite is one table with a rising key, one prepared statement, one transaction for
// each commit, WAL and synchronous=FULL: every commit is durable.
type lite struct {
	db  *sql.DB
	ins *sql.Stmt
	tx  *sql.Tx
}

func openSQLite(dir string) (sink, error) {
	db, err := sql.Open("sqlite", filepath.Join(dir, "q.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`create table q (seq integer primary key, kind integer, body blob)`); err != nil {
		return nil, err
	}
	ins, err := db.Prepare(`insert into q (kind, body) values (1, ?)`)
	return &lite{db: db, ins: ins}, err
}

func (l *lite) append(body []byte) (err error) {
	if l.tx == nil {
		if l.tx, err = l.db.Begin(); err != nil {
			return err
		}
	}
	_, err = l.tx.Stmt(l.ins).Exec(body)
	return err
}

func (l *lite) commit() error {
	if l.tx == nil {
		return nil
	}
	err := l.tx.Commit()
	l.tx = nil
	return err
}

func (l *lite) count() (n int, err error) {
	err = l.db.QueryRow(`select count(body) from q`).Scan(&n)
	return n, err
}

func (l *lite) close() error { return l.db.Close() }

// bolt is one bucket with rising keys and full pages, and no free list on disk.
type bolt struct {
	db *bbolt.DB
	tx *bbolt.Tx
}

const bucket = "q"

func openBolt(dir string) (sink, error) {
	db, err := bbolt.Open(filepath.Join(dir, "q.bolt"), 0o600, &bbolt.Options{NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return nil, err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte(bucket))
		return err
	})
	return &bolt{db: db}, err
}

func (b *bolt) append(body []byte) (err error) {
	if b.tx == nil {
		if b.tx, err = b.db.Begin(true); err != nil {
			return err
		}
	}
	q := b.tx.Bucket([]byte(bucket))
	q.FillPercent = 1 // for keys that only rise, as its documentation says
	seq, err := q.NextSequence()
	if err != nil {
		return err
	}
	return q.Put(binary.BigEndian.AppendUint64(nil, seq), body)
}

func (b *bolt) commit() error {
	if b.tx == nil {
		return nil
	}
	err := b.tx.Commit()
	b.tx = nil
	return err
}

func (b *bolt) count() (n int, err error) {
	err = b.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucket)).ForEach(func(_, _ []byte) error { n++; return nil })
	})
	return n, err
}

func (b *bolt) close() error { return b.db.Close() }

// tidwall writes one batch for each commit.
type tidwall struct {
	log   *wal.Log
	batch wal.Batch
	n     uint64
}

func openWAL(dir string) (sink, error) {
	log, err := wal.Open(filepath.Join(dir, "wal"), nil)
	return &tidwall{log: log}, err
}

func (w *tidwall) append(body []byte) error {
	w.n++
	w.batch.Write(w.n, body)
	return nil
}

func (w *tidwall) commit() error { return w.log.WriteBatch(&w.batch) }
func (w *tidwall) close() error  { return w.log.Close() }

func (w *tidwall) count() (int, error) {
	first, err := w.log.FirstIndex()
	if err != nil {
		return 0, err
	}
	last, err := w.log.LastIndex()
	return int(last - first + 1), err
}

// filestore keeps each QoS 1 publish in a file, as the client does with its store.
type filestore struct {
	s *mqtt.FileStore
	n uint16
}

func openPaho(dir string) (sink, error) {
	s := mqtt.NewFileStore(filepath.Join(dir, "paho"))
	s.Open()
	return &filestore{s: s}, nil
}

func (p *filestore) append(body []byte) error {
	if p.n++; p.n == 0 {
		return fmt.Errorf("all 65 535 message ids are taken")
	}
	m, ok := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	if !ok {
		return fmt.Errorf("not a publish packet")
	}
	m.Qos, m.TopicName, m.MessageID, m.Payload = 1, "lamppost/v1/hz-07/live", p.n, body
	p.s.Put(fmt.Sprintf("o.%d", p.n), m)
	return nil
}

func (p *filestore) commit() error       { return nil } // it has none
func (p *filestore) count() (int, error) { return len(p.s.All()), nil }
func (p *filestore) close() error        { p.s.Close(); return nil }
