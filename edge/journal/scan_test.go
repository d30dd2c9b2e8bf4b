package journal

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
)

var testEpoch = Epoch{N: 3, Salt: [6]byte{1, 2, 3, 4, 5, 6}}

// build makes a segment image: a header and one block per body group.
func build(t testing.TB, groups ...[]string) []byte {
	t.Helper()
	p, err := newPacker()
	if err != nil {
		t.Fatal(err)
	}
	h := header{num: 7, epoch: testEpoch, first: 1, opened: Stamp{Boot: "b", BootMS: 5, UnixMS: 1795291200000},
		recycled: true, syncs: 17, flash: 1 << 33,
		prev: summary{num: 6, epoch: testEpoch, end: 4000, first: 1, last: 0, clean: true, opened: Stamp{Boot: "a"},
			lost: []Loss{{Epoch: testEpoch, Ranges: []Range{{3, 9}}, Why: WhyDamage}}}}
	img := h.append(nil)
	next := uint64(1)
	for i, g := range groups {
		var raw []byte
		for _, body := range g {
			raw = appendRecord(raw, Kind(i), []byte(body))
		}
		raw = stateEntry{key: "k", value: []byte{byte(i)}}.append(raw)
		b := block{flags: flagState, first: next, count: uint64(len(g)), stamp: Stamp{Boot: "b", BootMS: int64(i), UnixMS: -1}}
		img = p.append(img, seedOf(7, testEpoch), "b", b, raw)
		next += uint64(len(g))
	}
	return img
}

// item is one entry as a scan finds it.
type item struct {
	Seq   uint64
	Kind  Kind
	Body  string
	State stateEntry
}

// contents scans an image and returns everything inside, block by block.
func contents(t testing.TB, img []byte) (blocks []block, items [][]item, res scanned) {
	t.Helper()
	dec, err := newUnpacker()
	if err != nil {
		t.Fatal(err)
	}
	o := origin{num: 7, epoch: testEpoch}
	if h, n, err := readHeader(memory(img), int64(len(img))); err == nil && h.num == 7 && h.epoch == testEpoch {
		o.first, o.opened, o.start = h.first, h.opened, int64(n)
	}
	res, err = scan(bytes.NewReader(img), int64(len(img)), o, func(b *block, _ int64) error {
		raw, err := b.unpack(dec, nil)
		if err != nil {
			return nil
		}
		var in []item
		count, err := entries(raw, b.first,
			func(r Record) error { in = append(in, item{r.Seq, r.Kind, string(r.Body), stateEntry{}}); return nil },
			func(e stateEntry) error { in = append(in, item{State: e}); return nil })
		if err == nil && count == b.count {
			kept := *b
			kept.data = nil
			blocks, items = append(blocks, kept), append(items, in)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return blocks, items, res
}

type memory []byte

func (m memory) ReadAt(p []byte, off int64) (int, error) { return bytes.NewReader(m).ReadAt(p, off) }
func (memory) WriteAt([]byte, int64) (int, error)        { return 0, nil }
func (memory) Allocate(int64) error                      { return nil }
func (memory) Close() error                              { return nil }
func (memory) Sync() error                               { return nil }
func (m memory) Size() (int64, error)                    { return int64(len(m)), nil }

// FuzzScan: whatever a scan accepts, written again, scans to the same. It never
// panics, and takes no more memory than the largest block.
func FuzzScan(f *testing.F) {
	f.Add(build(f, []string{"one", "two"}, nil, []string{"three"}))
	f.Add(append(build(f, []string{string(make([]byte, 500))}), make([]byte, 100)...))
	damaged := build(f, []string{"one"}, []string{"two"}, []string{"three"})
	damaged[len(damaged)/2] ^= 1
	f.Add(damaged)
	f.Add(build(f)[3:])
	f.Fuzz(func(t *testing.T, img []byte) {
		blocks, items, _ := contents(t, reseal(img))
		p, err := newPacker()
		if err != nil {
			t.Fatal(err)
		}
		var again []byte
		for i, b := range blocks {
			var raw []byte
			for _, it := range items[i] {
				if it.Seq > 0 {
					raw = appendRecord(raw, it.Kind, []byte(it.Body))
				} else {
					raw = it.State.append(raw)
				}
			}
			b.flags &^= flagZstd | flagBoot
			again = p.append(again, seedOf(7, testEpoch), "", b, raw)
		}
		blocks2, items2, res2 := contents(t, again)
		if len(blocks2) != len(blocks) || res2.damaged || res2.torn {
			t.Fatalf("%d blocks written, %d found again (damaged %v, torn %v)", len(blocks), len(blocks2), res2.damaged, res2.torn)
		}
		for i := range blocks {
			a, b := blocks[i], blocks2[i]
			if a.first != b.first || a.count != b.count || a.stamp != b.stamp || (a.flags^b.flags)&^(flagZstd|flagBoot) != 0 {
				t.Errorf("block %d: %+v, written again %+v", i, a, b)
			}
			if !reflect.DeepEqual(items[i], items2[i]) {
				t.Errorf("block %d: entries differ", i)
			}
		}
	})
}

// reseal puts right checksums on what looks like a block, so that the fuzzer
// gets past them.
func reseal(img []byte) []byte {
	img = bytes.Clone(img)
	for i := 0; i+blockFixed < len(img); i++ {
		n, err := blockSize(img[i:])
		if err == nil && i+n <= len(img) {
			seal(img[i:i+n], seedOf(7, testEpoch))
			i += n - 1
		}
	}
	return img
}

// FuzzHeader: a header that is accepted is written the same way again.
func FuzzHeader(f *testing.F) {
	img := build(f)
	n, _ := headerSize(img)
	f.Add(img[headerFixed:n])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > maxHeader {
			return
		}
		h, err := parseHeader(sealHeader(body))
		if err != nil {
			return
		}
		h2, err := parseHeader(h.append(nil))
		if err != nil || !reflect.DeepEqual(h, h2) {
			t.Errorf("%+v, written and read again %+v, %v", h, h2, err)
		}
	})
}

// TestVersion1StaysReadable reads a segment that version 1 of the format wrote:
// header with a predecessor, a plain block, a compressed one, a hole, a torn tail.
func TestVersion1StaysReadable(t *testing.T) {
	img, err := os.ReadFile("testdata/v1.seg")
	if err != nil {
		t.Fatal(err)
	}
	blocks, items, res := contents(t, img)
	long := strings.Repeat("a river level ", 20)
	want := [][]item{
		{{1, 0, "one", stateEntry{}}, {2, 0, "two", stateEntry{}}, {State: stateEntry{key: "k", value: []byte{0}}}},
		{{3, 1, long, stateEntry{}}, {State: stateEntry{key: "k", value: []byte{1}}}},
		{{8, 2, "after a hole", stateEntry{}}},
	}
	if !reflect.DeepEqual(items, want) {
		t.Errorf("entries %+v, want %+v", items, want)
	}
	if len(blocks) != 3 || blocks[1].flags&flagZstd == 0 || blocks[2].stamp != (Stamp{"b2", 9, 1795291200009}) {
		t.Errorf("blocks %+v", blocks)
	}
	if !res.torn || res.damaged || res.opened != (Stamp{"b", 5, 1795291200000}) || len(res.lost) != 1 ||
		!reflect.DeepEqual(res.lost[0].Ranges, []Range{{4, 7}}) || res.lost[0].Why != WhyOverflow {
		t.Errorf("scan found %+v", res)
	}
}

func TestParseEpoch(t *testing.T) {
	for _, e := range []Epoch{{}, testEpoch, {N: math.MaxUint32, Salt: [6]byte{255, 255, 255, 255, 255, 255}}} {
		if got, err := ParseEpoch(e.String()); err != nil || got != e {
			t.Errorf("ParseEpoch(%q) = %v, %v", e, got, err)
		}
	}
	for _, s := range []string{"", "1", "1-", "1-00000000000", "1-0000000000000", "-1-000000000000", "+1-000000000000",
		"01-000000000000", "4294967296-000000000000", "1-00000000000G", "1-ABCDEF000000", "1_000000000000"} {
		if e, err := ParseEpoch(s); err == nil {
			t.Errorf("ParseEpoch(%q) = %v, want an error", s, e)
		}
	}
}

func TestTrimCount(t *testing.T) {
	for _, tc := range []struct {
		name  string
		sizes []int64
		limit int64
		want  int
	}{
		{"nothing there", nil, 10, 0},
		{"fits", []int64{5, 5}, 10, 0},
		{"one too much", []int64{5, 5, 1}, 10, 1},
		{"the newest stays", []int64{5, 50}, 10, 1},
		{"one segment", []int64{50}, 10, 0},
		{"too many files", make([]int64, maxSegments+3), 10, 3},
	} {
		if got := trimCount(tc.sizes, tc.limit); got != tc.want {
			t.Errorf("%s: trimCount = %d, want %d", tc.name, got, tc.want)
		}
	}
}

func TestSubtract(t *testing.T) {
	for _, tc := range []struct {
		rs   []Range
		cut  Range
		want []Range
	}{
		{[]Range{{1, 9}}, Range{3, 5}, []Range{{1, 2}, {6, 9}}},
		{[]Range{{1, 9}}, Range{1, 9}, nil},
		{[]Range{{1, 9}}, Range{9, 20}, []Range{{1, 8}}},
		{[]Range{{5, 9}, {20, 30}}, Range{1, 25}, []Range{{26, 30}}},
		{[]Range{{5, 9}}, Range{10, 20}, []Range{{5, 9}}},
	} {
		if got := subtract(tc.rs, tc.cut); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("subtract(%v, %v) = %v, want %v", tc.rs, tc.cut, got, tc.want)
		}
	}
}

// TestForeignBlocks: a block of another segment, left in a recycled file, or a
// segment's bytes inside a record, are not taken for this segment's.
func TestForeignBlocks(t *testing.T) {
	img := build(t, []string{"one"})
	p, _ := newPacker()
	n := len(img)
	img = p.append(img, seedOf(6, testEpoch), "b", block{first: 2, count: 1}, appendRecord(nil, 1, []byte("stale")))
	blocks, _, res := contents(t, img)
	if len(blocks) != 1 || !res.torn || res.end != int64(n) {
		t.Errorf("%d blocks, torn %v, end %d of %d", len(blocks), res.torn, res.end, n)
	}
	prefilled := append(build(t, []string{"one"}), make([]byte, 300<<10)...)
	if _, _, res := contents(t, prefilled); res.torn || res.damaged || res.end != int64(n) {
		t.Errorf("a rest of zeros: torn %v, damaged %v, end %d", res.torn, res.damaged, res.end)
	}
}

func seal(b []byte, seed uint32) {
	binary.LittleEndian.PutUint32(b[4:], crcOf(seed, b[8:]))
}

func sealHeader(body []byte) []byte {
	b := append([]byte(headerMagic), version, 0, 0, 0, 0, 0, 0, 0, 0)
	b = append(b, body...)
	binary.LittleEndian.PutUint32(b[12:], uint32(len(body)))
	binary.LittleEndian.PutUint32(b[8:], crcOf(0, b[12:]))
	return b
}
