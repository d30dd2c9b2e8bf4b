package board_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode"

	"github.com/lamppost-city/lamppost/edge/board"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

func builtin(t *testing.T) *board.Profiles {
	t.Helper()
	ps, err := board.ParseProfiles(firmwareconfigs.Boards())
	if err != nil {
		t.Fatal(err)
	}
	return ps
}

func TestFor(t *testing.T) {
	ps := builtin(t)
	for model, id := range map[string]string{
		"Raspberry Pi 4 Model B Rev 1.4": "raspberry-pi", "Raspberry Pi 5 Model B Rev 1.0": "raspberry-pi-5",
		"Raspberry Pi Compute Module 4 Rev 1.0": "raspberry-pi", "TI AM335x BeagleBone Black": "beaglebone",
		"": "default", "linux,dummy-virt": "default",
	} {
		p := ps.For(model)
		if p.ID != id {
			t.Errorf("%q has profile %s, want %s", model, p.ID, id)
		}
		for kind, want := range map[board.Kind]time.Duration{board.SD: 10 * time.Second, board.EMMC: 10 * time.Second, board.NVMe: time.Second, board.Unknown: time.Second} {
			if got := p.Disks[kind].Commit; got != want {
				t.Errorf("%q commits on %s every %v, want %v", model, kind, got, want)
			}
		}
		if got := p.Endurance(board.Disk{Kind: board.SD, Bytes: 32e9}); got != 3.2e12 {
			t.Errorf("%q gives a card of 32 GB %d bytes to live", model, got)
		}
		if p.Endurance(board.Disk{Kind: board.HDD, Bytes: 1e12}) != 0 || p.Endurance(board.Disk{}) != 0 {
			t.Errorf("%q: a hard disk, or no disk, wears", model)
		}
	}
}

// Notes are there in both languages, as many in each, each in its own.
func TestNotes(t *testing.T) {
	for _, model := range []string{"Raspberry Pi 4", "Raspberry Pi 5", "TI AM335x BeagleBone Black"} {
		n := builtin(t).For(model).Notes
		if len(n["zh"]) == 0 || len(n["zh"]) != len(n["en"]) {
			t.Errorf("%s has %d notes in Chinese, %d in English", model, len(n["zh"]), len(n["en"]))
		}
		for lang, notes := range n {
			for _, s := range notes {
				if han := strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) }); han != (lang == "zh") {
					t.Errorf("%s in %s: %q", model, lang, s)
				}
			}
		}
	}
}

func TestBadProfiles(t *testing.T) {
	full := "disks: {sd: {commit: 10s}, emmc: {commit: 1s}, ssd: {commit: 1s}, nvme: {commit: 1s}, hdd: {commit: 1s}, memory: {commit: 1s}, network: {commit: 1s}, unknown: {commit: 1s}}\n"
	for name, c := range map[string]struct{ file, text, want string }{
		"an unknown key":        {"x.yaml", "models: [X]\nnote: {}\n", "boards/x.yaml:2:1"},
		"no models":             {"x.yaml", "disks: {sd: {commit: 1s}}\n", "needs models"},
		"an unknown disk":       {"x.yaml", "models: [X]\ndisks: {floppy: {commit: 1s}}\n", "no such kind of disk"},
		"no commit":             {"x.yaml", "models: [X]\ndisks: {sd: {rewrites: 1}}\n", "commit"},
		"a default with models": {"default.yaml", "models: [X]\n" + full, "needs models"},
		"a default with a hole": {"default.yaml", "disks: {sd: {commit: 1s}}\n", "does not say how to treat emmc"},
	} {
		dir := fstest.MapFS{"default.yaml": {Data: []byte(full)}}
		dir[c.file] = &fstest.MapFile{Data: []byte(c.text)}
		if _, err := board.ParseProfiles(dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := board.ParseProfiles(fstest.MapFS{}); err == nil {
		t.Error("a folder without a default was taken")
	}
}

func TestWords(t *testing.T) {
	for want, d := range map[string]board.Disk{
		"mmcblk0 is an SD card / mmcblk0 是 SD 卡":              {Name: "mmcblk0", Kind: board.SD},
		"tmpfs is memory, lost at power-off / tmpfs 是内存，断电即失": {Name: "tmpfs", Kind: board.Memory},
		"the disk is not known / 磁盘类型未知":                      {},
		"vda is a disk of an unknown kind / vda 是未知类型的磁盘":     {Name: "vda", Kind: board.Unknown},
	} {
		if got := d.In("en") + " / " + d.In("zh"); got != want {
			t.Errorf("%+v reads %q, want %q", d, got, want)
		}
	}
}

const hour = int64(time.Hour / time.Millisecond)

func TestMeter(t *testing.T) {
	var m board.Meter
	m.Add(board.Writes{MS: hour / 3, Device: 100})
	if _, ok := m.PerDay(); ok {
		t.Error("twenty minutes gave a rate")
	}
	m.Add(board.Writes{MS: -5, Device: 1e9}) // a clock that went back counts for nothing
	m.Add(board.Writes{MS: hour * 2 / 3, Device: 900, Journal: 50, Syncs: 10})
	day, ok := m.PerDay()
	if want := (board.Writes{MS: 24 * hour, Device: 24_000, Journal: 1200, Syncs: 240}); !ok || day != want {
		t.Errorf("per day %+v, want %+v", day, want)
	}
	for range 400 { // a day ten times as busy each, for longer than is remembered
		m.Add(board.Writes{MS: hour, Device: 10_000})
	}
	if day, _ = m.PerDay(); day.Device != 240_000 {
		t.Errorf("after weeks %d a day, want 240000: the first hour is forgotten", day.Device)
	}
	if got := m.Total().Device; got != 4_001_000 {
		t.Errorf("total %d", got)
	}
	b, err := json.Marshal(&m)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > 1000 {
		t.Errorf("the meter takes %d bytes in the journal, which begins each segment with it", len(b))
	}
	var again board.Meter
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatal(err)
	}
	if x, _ := again.PerDay(); x != day || again.Total() != m.Total() {
		t.Errorf("read back %+v", again)
	}
}

// FuzzMeter: whatever stands in the journal, a meter that was taken goes on
// counting, stays small and is written as it was read.
func FuzzMeter(f *testing.F) {
	f.Add([]byte(`{"v":1,"total":{"ms":3600000,"device":5,"journal":3,"syncs":1},"days":[{"ms":3600000,"device":5,"journal":3,"syncs":1}]}`))
	f.Add([]byte(`{"v":1,"days":[]}`))
	f.Add([]byte(`{"v":2}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var m board.Meter
		if json.Unmarshal(b, &m) != nil {
			if m.Total() != (board.Writes{}) {
				t.Error("a meter that was refused has changed")
			}
			return
		}
		before := m.Total()
		m.Add(board.Writes{MS: 1, Syncs: 1})
		if m.Total().MS <= before.MS && before.MS < math.MaxInt64 {
			t.Errorf("%+v does not go on", before)
		}
		out, err := json.Marshal(&m)
		if err != nil || len(out) > 2000 {
			t.Errorf("%d bytes, %v", len(out), err)
		}
	})
}

func TestYears(t *testing.T) {
	for _, c := range []struct {
		endurance       int64
		written, perDay uint64
		want            float64
		ok              bool
	}{
		{20e12, 0, 175e6, 100, true},   // 313 years: more than anybody believes
		{3.2e12, 0, 1e9, 8.76, true},   // a card of 32 GB and a chatty system
		{3.2e12, 3.2e12, 1e9, 0, true}, // used up
		{3.2e12, 9e12, 1e9, 0, true},
		{0, 0, 1, 0, false}, // it does not wear, or nothing is known
		{1e12, 0, 0, 100, true},
	} {
		if got, ok := board.Years(c.endurance, c.written, c.perDay); math.Abs(got-c.want) > 0.01 || ok != c.ok {
			t.Errorf("Years(%d, %d, %d) = %.2f %v, want %.2f", c.endurance, c.written, c.perDay, got, ok, c.want)
		}
	}
}
