package command

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/calibrate"
	"github.com/lamppost-city/lamppost/edge/config"
)

const yardText = "gateway: {id: bridge-07} # ours\ndevices:\n  yard:\n    driver: camera\n    url: \"http://192.168.1.20/still.jpg\"\n"

var house = calibrate.Drawing{Masks: []calibrate.Area{{{0, 0}, {0.2, 0}, {0.2, 0.3}}}}

// bookOf is a book on a file with this text, whose goroutine runs until the test ends.
func bookOf(t *testing.T, text string) *book {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gateway.yaml")
	must(t, os.WriteFile(path, []byte(text), 0o640))
	b, err := Options{}.loadBuiltin(false)
	must(t, err)
	cfg, err := b.load(path, os.Stderr)
	must(t, err)
	k := newBook(func() (*builtin, error) { return b, nil }, path, cfg, slog.New(slog.DiscardHandler))
	k.serve(t.Context())
	return k
}

func (k *book) sheet(t *testing.T) calibrate.Sheet {
	t.Helper()
	s, err := k.Sheet(t.Context(), "yard")
	must(t, err)
	return s
}

// A drawing that is saved is in the file, the old file is beside it, mode and link stay, and
// the gateway is given the new configuration.
func TestDrawingIsSaved(t *testing.T) {
	k := bookOf(t, yardText)
	link := filepath.Join(t.TempDir(), "link.yaml")
	must(t, os.Symlink(k.path, link))
	k.path = link
	s := k.sheet(t)
	if len(s.Drawing.Masks) != 0 || s.Was == "" {
		t.Fatalf("the sheet is %+v", s)
	}
	out, err := k.Save(t.Context(), "yard", calibrate.Order{Drawing: house, Was: s.Was})
	if err != nil || !out.Saved || out.Backup == "" || out.Why+out.Wrong != "" {
		t.Fatalf("Save = %+v, %v", out, err)
	}
	cfg := <-k.out
	if cfg.Hash != out.Config || !strings.Contains(cfg.Devices[0].Options, "masks") {
		t.Errorf("delivered %s with %s, want %s with masks", cfg.Hash, cfg.Devices[0].Options, out.Config)
	}
	want := yardText + "    masks:\n      - [[0, 0], [0.2, 0], [0.2, 0.3]]\n"
	if now, err := os.ReadFile(link); err != nil || string(now) != want {
		t.Errorf("the file is %q, %v", now, err)
	}
	if old, err := os.ReadFile(out.Backup); err != nil || string(old) != yardText {
		t.Errorf("the old file is %q, %v", old, err)
	}
	if st, err := os.Lstat(link); err != nil || st.Mode().Type() != fs.ModeSymlink {
		t.Errorf("the link is %v, %v", st.Mode(), err)
	}
	if st, err := os.Stat(link); err != nil || st.Mode().Perm() != 0o640 {
		t.Errorf("the mode is %v, %v", st.Mode(), err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(out.Backup), "*")); err != nil || len(left) != 2 {
		t.Errorf("files %v, want the two", left)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(out.Backup), ".gateway*")); err != nil || len(left) != 0 {
		t.Errorf("files %v are left", left)
	}
	again, err := k.Save(t.Context(), "yard", calibrate.Order{Drawing: house, Was: k.sheet(t).Was})
	if err != nil || !again.Saved || again.Backup != "" || again.Config != out.Config {
		t.Errorf("the same again: %+v, %v", again, err)
	}
}

// What cannot be saved says why, gives the lines to paste, and leaves the file as it was.
func TestDrawingIsNotSaved(t *testing.T) {
	crossed := calibrate.Drawing{Masks: []calibrate.Area{{{0, 0}, {1, 0.9}, {1, 0}, {0, 0.5}}}}
	anchored := strings.Replace(yardText, "  yard:\n", "  yard: &y\n", 1)
	for name, c := range map[string]struct {
		text, lang string
		drawing    calibrate.Drawing
		was        string // empty: as it is
		why, wrong string
		changed    bool
	}{
		"the check says no":         {yardText, "en", crossed, "", "", "gateway.yaml:7:7", false},
		"in Chinese":                {yardText, "zh", crossed, "", "", "相交", false},
		"somebody was faster":       {yardText, "en", house, "another", "", "", true},
		"anchors":                   {anchored, "en", house, "", "which other places may share", "", false},
		"anchors, told in Chinese":  {anchored, "zh", house, "", "请手工写入这些行", "", false},
		"the file has other faults": {strings.Replace(yardText, "driver", "drivr", 1), "en", house, "", "", "gateway.yaml:3:3", false},
	} {
		k := bookOf(t, yardText)
		must(t, os.WriteFile(k.path, []byte(c.text), 0o640))
		was := k.sheet(t).Was
		if c.was != "" {
			was = c.was
		}
		out, err := k.Save(t.Context(), "yard", calibrate.Order{Drawing: c.drawing, Was: was, Lang: c.lang})
		if err != nil || out.Saved || out.Changed != c.changed || !strings.Contains(out.Why, c.why) || !strings.Contains(out.Wrong, c.wrong) || (out.Why != "") != (c.why != "") || (out.Wrong != "") != (c.wrong != "") {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
		if !strings.HasPrefix(out.Paste, "    masks:\n") {
			t.Errorf("%s: nothing to paste: %q", name, out.Paste)
		}
		if now, err := os.ReadFile(k.path); err != nil || string(now) != c.text {
			t.Errorf("%s: the file is %q, %v", name, now, err)
		}
	}
}

// Of a device that shares its keys with another the lines are put in by hand: also those that
// take away what was deleted, in a form that the check takes.
func TestDeletedIsPasted(t *testing.T) {
	const text = "gateway: {id: bridge-07}\ndevices:\n  base: &b\n    driver: camera\n    url: \"http://192.168.1.20/still.jpg\"\n" +
		"    masks: [[[0, 0], [0.2, 0], [0.2, 0.3]]]\n    zones: {gate: [[0, 0], [0.2, 0], [0.2, 0.3]]}\n    staff: {marks: [[0.5, 0.2, 2], [0.5, 0.8, 1]], width: 0.05}\n" +
		"  yard:\n    <<: *b\n    url: \"http://192.168.1.21/still.jpg\"\n"
	k := bookOf(t, text)
	out, err := k.Save(t.Context(), "yard", calibrate.Order{Was: k.sheet(t).Was, Lang: "en"})
	if want := "    masks: []\n    zones: {}\n    staff: null\n"; err != nil || out.Saved || !strings.Contains(out.Why, "by hand") || out.Paste != want {
		t.Fatalf("%+v, %v; want to paste %q", out, err, want)
	}
	b, err := k.builtin()
	must(t, err)
	cfg, err := b.assess(k.path, []byte(text+out.Paste), "en", os.Stderr)
	must(t, err)
	for _, d := range cfg.Devices {
		if had := len(d.Plan.Channels) > 2; had != (d.ID == "base") {
			t.Errorf("%s measures %v", d.ID, d.Plan.Channels)
		}
	}
}

// Nobody is there to save any more: the asker is told, and does not wait for ever.
func TestSaveEndsWithItsContext(t *testing.T) {
	k := &book{orders: make(chan order)}
	ctx, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	if _, err := k.Save(ctx, "yard", calibrate.Order{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Save = %v", err)
	}
}

func TestRewriteRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "g.yaml")
	must(t, os.WriteFile(path, []byte("new"), 0o600))
	if _, err := rewrite(path, []byte("old"), []byte("mine")); !errors.Is(err, errChanged) {
		t.Errorf("a file that was changed: %v", err)
	}
	if _, err := rewrite(filepath.Join(dir, "none"), nil, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 1 {
		t.Errorf("files %v, want the one", left)
	}
	if os.Geteuid() == 0 {
		must(t, os.Chown(path, 12345, 54321))
		if _, err := rewrite(path, []byte("new"), []byte("mine")); err != nil {
			t.Errorf("root, another's file: %v", err)
		}
		st, err := os.Stat(path)
		must(t, err)
		if uid, gid, _ := ownerOf(st); uid != 12345 || gid != 54321 {
			t.Errorf("it belongs to %d:%d now", uid, gid)
		}
	}
}

// A wrong file is not delivered by a reload, and its first problem is told.
func TestReadRefuses(t *testing.T) {
	k := bookOf(t, yardText)
	must(t, os.WriteFile(k.path, []byte("gateway: {id: bridge-07}\nzzz: 1\n"), 0o600))
	k.read(t.Context()) // it would wait for somebody to take a configuration
	if got := k.refused.why(); !strings.Contains(got, "gateway.yaml:2:1") {
		t.Errorf("refused: %q", got)
	}
	must(t, os.WriteFile(k.path, []byte(yardText), 0o600))
	taken := make(chan *config.Config, 1)
	go func() { taken <- <-k.out }()
	k.read(t.Context())
	if cfg := <-taken; k.refused.why() != "" || len(cfg.Devices) != 1 {
		t.Errorf("a good one: %q, %d devices", k.refused.why(), len(cfg.Devices))
	}
}
