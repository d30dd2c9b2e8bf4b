package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// A dictionary that was shipped stays as it is: packs in the field can be read with
// nothing else. A new one is a new line here.
func TestDictionariesNeverChange(t *testing.T) {
	shipped := map[uint32]string{
		40101: "d64fac5e883e89313d2c3906962005ce2b875d867aabbb59929848df71f084cf",
		40102: "f597c5432fdd2d1bef9f8f842a05b95eba205c4292cde45c964ed9ab9a81eb9c",
	}
	for id := range shipped {
		if !slices.Contains(Dictionaries(), id) {
			t.Errorf("dictionary %d was shipped and is not here any more", id)
		}
	}
	for _, d := range dictionaries {
		sum := sha256.Sum256(d.data)
		if got := hex.EncodeToString(sum[:]); got != shipped[d.id] {
			t.Errorf("dictionary %d has the hash %s, want %q", d.id, got, shipped[d.id])
		}
		in, err := zstd.InspectDictionary(d.data)
		if err != nil || in.ID() != d.id {
			t.Errorf("dictionary %d: its file says %d, %v", d.id, in.ID(), err)
		}
	}
	if ids := Dictionaries(); !slices.IsSortedFunc(ids, func(a, b uint32) int { return int(b) - int(a) }) || len(ids) > maxDicts {
		t.Errorf("Dictionaries() = %v, want the newest first, at most %d", ids, maxDicts)
	}
}

func TestChooseDictionary(t *testing.T) {
	for _, c := range []struct {
		listed []uint32
		want   uint32
	}{{nil, 0}, {[]uint32{7}, 0}, {[]uint32{7, 40101}, 40101}, {[]uint32{40101, 50000}, 40101}, {[]uint32{40101, 40102}, 40102}} {
		if got := ChooseDictionary(c.listed); got != c.want {
			t.Errorf("ChooseDictionary(%v) = %d, want %d", c.listed, got, c.want)
		}
	}
}

// One packer changes between with and without as connections come and go; one
// unpacker reads all of it.
func TestDictionaryComesAndGoes(t *testing.T) {
	pk := Packer{Compress: true}
	var u Unpacker
	for _, id := range []uint32{0, 40101, 0, 40102, 40101, 99} {
		pk.Dictionary = id
		want := samplePack()
		msg, err := pk.Append(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		named := id
		if id == 99 {
			named = 0 // not known here: none is used
		}
		if got := dictionaryOf(msg); got != named {
			t.Errorf("with %d set the frame names %d", id, got)
		}
		got, err := u.Unpack(gw, msg)
		if err != nil {
			t.Fatalf("with %d: %v", id, err)
		}
		samePack(t, got, want)
	}
}

// What is packed with a dictionary of the future is refused by name.
func TestUnknownDictionary(t *testing.T) {
	later := slices.Clone(dictionary40101)
	binary.LittleEndian.PutUint32(later[4:], 40103)
	e, err := zstd.NewWriter(nil, zstd.WithEncoderDict(later))
	if err != nil {
		t.Fatal(err)
	}
	var plain Packer
	text, err := plain.Append(nil, samplePack())
	if err != nil {
		t.Fatal(err)
	}
	var u Unpacker
	_, err = u.Unpack(gw, e.EncodeAll(text, nil))
	if !errors.Is(err, ErrDictionary) || !strings.Contains(err.Error(), "40103") || !strings.Contains(err.Error(), "40101") {
		t.Errorf("Unpack = %v, want the dictionary and those that are known", err)
	}
}

// The design's bound: an encoder takes at most 5 MB, whichever it is, also after a
// change; the decoder takes less than 1.
func TestCompressionMemory(t *testing.T) {
	heap := func() int64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	p := streetPack(500, Live)
	// 100 KB for the message, its text and the runs of values.
	const encoderMost, decoderMost = 5<<20 + 100<<10, 1 << 20
	before := heap()
	pk := Packer{Compress: true}
	for _, id := range []uint32{0, 40101, 0, 40101} {
		pk.Dictionary = id
		msg, err := pk.Append(nil, p)
		if err != nil {
			t.Fatal(err)
		}
		packed := heap()
		if took := packed - before; took > encoderMost {
			t.Errorf("a packer with dictionary %d takes %d KB", id, took>>10)
		} else {
			t.Logf("a packer with dictionary %d takes %d KB", id, took>>10)
		}
		var u Unpacker
		if _, err := u.Unpack(gw, msg); err != nil {
			t.Fatal(err)
		}
		if took := heap() - packed; took > decoderMost {
			t.Errorf("an unpacker takes %d KB", took>>10)
		} else {
			t.Logf("an unpacker takes %d KB", took>>10)
		}
		runtime.KeepAlive(&u)
	}
	runtime.KeepAlive(&pk)
}

// The reference implementation reads what this one writes.
func TestReferenceReadsDictionary(t *testing.T) {
	tool, err := exec.LookPath("zstd")
	if err != nil {
		t.Skip("the zstd command line tool is not installed")
	}
	dir := t.TempDir()
	var plain Packer
	want, err := plain.Append(nil, streetPack(200, Live))
	if err != nil {
		t.Fatal(err)
	}
	pk := Packer{Compress: true, Dictionary: 40101}
	msg, err := pk.Append(nil, streetPack(200, Live))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "pack.zst"), msg, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := exec.CommandContext(t.Context(), tool, "-d", "-c", "-q", "-D", "dictionary/40101.zdict", filepath.Join(dir, "pack.zst")).Output()
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("zstd -D gives %d bytes, %v; want the pack's %d", len(got), err, len(want))
	}
}
