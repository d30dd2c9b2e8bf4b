package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/journal/faultfs"
)

// recycled makes a journal that was closed in order, of several segments, the
// newer ones in files that were used before, one record and one state to a block.
func recycled(t *testing.T) (files map[string][]byte, epoch journal.Epoch, first, last uint64) {
	t.Helper()
	fs := faultfs.New()
	j, err := journal.Open("/j", options(fs))
	if err != nil {
		t.Fatal(err)
	}
	for i := range uint64(120) {
		if _, err := j.AppendState(1, bodyOf([]byte(noise(7, 64<<10)), i+1), "cursor", fmt.Append(nil, i+1)); err != nil {
			t.Fatal(err)
		}
		mustSync(t, j)
		if i < 110 {
			if err := j.Trim(t.Context(), allStored, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := journal.OpenReaderOn(fs, "/j")
	if err != nil {
		t.Fatal(err)
	}
	segs := r.Segments()
	if len(segs) < 3 || !segs[0].Recycled || !segs[1].Recycled {
		t.Fatalf("want several segments in files that were used before: %+v", segs)
	}
	if segs[0].Size == segs[0].Used {
		t.Fatal("want an older segment's rest behind a segment")
	}
	info := r.Epochs()[0]
	return fs.Files(), j.Epoch(), info.First, info.Last
}

// TestEveryByteOfRecycledSegments flips a bit at, and cuts at, every byte of every
// segment: reopening never fails and never invents a record; what is missing is
// declared, and is no more than what the byte belonged to.
func TestEveryByteOfRecycledSegments(t *testing.T) {
	files, epoch, first, last := recycled(t)
	pool := []byte(noise(7, 64<<10))
	names := slices.Sorted(maps.Keys(files))
	names = slices.DeleteFunc(names, func(n string) bool { return !strings.HasSuffix(n, ".seg") })
	newest := names[len(names)-1]
	step := pick(11, 1)
	for _, name := range names {
		for at := 0; at < len(files[name]); at += step {
			for _, cut := range []bool{false, true} {
				spoilt := maps.Clone(files)
				if cut {
					spoilt[name] = files[name][:at]
				} else {
					spoilt[name] = bytes.Clone(files[name])
					spoilt[name][at] ^= 1 << (at % 8)
				}
				c := spoiltCase{epoch: epoch, first: first, last: last, pool: pool, tail: cut && name == newest, most: 1}
				if cut {
					c.most = last
				}
				c.check(t, spoilt)
				if t.Failed() {
					t.Fatalf("that was %s, byte %d of %d, cut %v", name, at, len(files[name]), cut)
				}
			}
		}
	}
}

type spoiltCase struct {
	epoch       journal.Epoch
	first, last uint64
	pool        []byte
	tail        bool   // the newest segment was cut: what is behind the cut is not known
	most        uint64 // records that may be lost
}

func (c spoiltCase) check(t *testing.T, files map[string][]byte) {
	t.Helper()
	fs := filesystem(files)
	j, err := journal.Open("/j", options(fs))
	if err != nil {
		t.Errorf("Open = %v", err)
		return
	}
	found := map[uint64]bool{}
	err = j.Read(c.epoch, 0, 1<<62, func(r journal.Record) error {
		if !bytes.Equal(r.Body, bodyOf(c.pool, r.Seq)) || found[r.Seq] {
			t.Errorf("record %d is invented", r.Seq)
		}
		found[r.Seq] = true
		return nil
	})
	var damage *journal.DamageError
	if err != nil && !errors.As(err, &damage) {
		t.Errorf("Read = %v", err)
	}
	info := infoOf(j, c.epoch)
	lost := map[uint64]bool{}
	for _, l := range info.Lost {
		for s := l.Ranges[0].From; s <= l.Ranges[0].To; s++ {
			lost[s] = true
		}
	}
	end := c.last
	if c.tail {
		end = max(info.Last, c.first-1)
	}
	for s := c.first; s <= end; s++ {
		if found[s] == lost[s] {
			t.Errorf("record %d is there %v, declared lost %v", s, found[s], lost[s])
		}
	}
	if uint64(len(lost)) > c.most {
		t.Errorf("%d records lost: %v", len(lost), info.Lost)
	}
	if s, ok := j.State("cursor"); ok && !c.tail && string(s) != fmt.Sprint(c.last) && !lost[c.last] {
		t.Errorf("cursor %s, want %d", s, c.last)
	}
	_ = j.Close()
}

// TestCutWhileSettingAside cuts the power while a damaged segment is renamed: it is
// there under one name or the other, unchanged, and the same is lost.
func TestCutWhileSettingAside(t *testing.T) {
	files, epoch := small(t, 4, false)
	name := slices.Sorted(maps.Keys(files))[0]
	bad := bytes.Clone(files[name])
	bad[len(bytes.TrimRight(bad, "\x00"))/2] ^= 1
	for n := 1; ; n++ {
		fs := filesystem(map[string][]byte{name: bad})
		fs.CutAt(n)
		j, err := journal.Open("/j", options(fs))
		if err == nil {
			_ = j.Close()
		}
		if !fs.Off() {
			return // it ran to its end
		}
		for variant := range 6 {
			left := afterwards(fs, n, variant)
			again, err := journal.Open("/j", options(left))
			if err != nil {
				t.Fatal(err)
			}
			got, _ := readAll(t, again, epoch)
			lost := infoOf(again, epoch).Lost
			if len(lost) != 1 || lost[0].Count()+uint64(len(got)) != 8 {
				t.Errorf("cut at %d: %d records, lost %v", n, len(got), lost)
			}
			now := left.Files()
			if b := append(now[name], now[name+".broken"]...); !bytes.HasPrefix(bad, b) || !bytes.HasPrefix(b, bytes.TrimRight(bad, "\x00")) {
				t.Errorf("cut at %d: the damaged segment was changed", n)
			}
			_ = again.Close()
		}
	}
}
