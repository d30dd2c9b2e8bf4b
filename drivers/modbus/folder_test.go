package modbus

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

func folderOf(files ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		m[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return m
}

// TestExtend: a site's own folder adds and replaces, and says so; the set it was
// added to stays as it is.
func TestExtend(t *testing.T) {
	base, err := ParseProfiles(folderOf("tiny.yaml", tiny))
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(tiny, "id: tiny", "id: other", 1)
	p, err := base.Extend("etc/profiles", folderOf("sub/tiny.yaml", strings.Replace(tiny, "nobody", "site", 1), "other.yaml", other, "notes.txt", "no profile"))
	if err != nil {
		t.Fatal(err)
	}
	f, _ := p.Get("tiny")
	if f.Maker != "site" || !f.Own || !f.Replaces || f.File != "etc/profiles/sub/tiny.yaml" {
		t.Errorf("tiny is %+v", f)
	}
	f, _ = p.Get("other")
	if f == nil || !f.Own || f.Replaces || f.File != "etc/profiles/other.yaml" {
		t.Errorf("other is %+v", f)
	}
	f, _ = base.Get("tiny")
	if f.Maker != "nobody" || f.Own || len(base.IDs()) != 1 || len(p.IDs()) != 2 {
		t.Errorf("the base has become %v, %+v", base.IDs(), f)
	}
	again, err := base.Extend("elsewhere", folderOf("sub/tiny.yaml", strings.Replace(tiny, "nobody", "site", 1), "other.yaml", other))
	if err != nil || !bytes.Equal(again.Digest(), p.Digest()) || bytes.Equal(p.Digest(), base.Digest()) {
		t.Errorf("digests %x %x %x, %v", base.Digest(), p.Digest(), again.Digest(), err)
	}
	other = strings.Replace(other, "max: 80", "max: 81", 1)
	if again, err = base.Extend("", folderOf("tiny.yaml", tiny, "other.yaml", other)); err != nil || bytes.Equal(again.Digest(), p.Digest()) {
		t.Errorf("a changed folder has the same digest, %v", err)
	}
}

// TestExtendProblems: files are named by their folder; a device of a broken profile is
// refused without more words, others are judged.
func TestExtendProblems(t *testing.T) {
	base, err := ParseProfiles(folderOf("tiny.yaml", tiny))
	if err != nil {
		t.Fatal(err)
	}
	p, err := base.Extend("own", folderOf(
		"other.yaml", strings.Replace(tiny, "id: tiny", "id: other", 1), "sub/other.yaml", strings.Replace(tiny, "id: tiny", "id: other", 1),
		"bad.yaml", "id: [", "tiny.yml", tiny, "LOUD.YAML", tiny))
	var ps yamldoc.Problems
	if !errors.As(err, &ps) {
		t.Fatal(err)
	}
	var got []string
	for _, x := range ps {
		got = append(got, fmt.Sprintf("%s:%d %s", x.File, x.Line, x.ID))
	}
	want := "[own/LOUD.YAML:1 E1812 own/bad.yaml:1 E1002 own/sub/other.yaml:1 E1801 own/tiny.yml:1 E1812]"
	if fmt.Sprint(got) != want {
		t.Errorf("got  %v\nwant %s", ps, want)
	}
	if _, err := planYAML(p, "profile: bad"); !errors.As(err, &ps) || len(ps) != 0 {
		t.Errorf("a device of a broken profile: %v", err)
	}
	var o *drivers.OptionError
	if _, err := planYAML(p, "profile: bda"); !errors.As(err, &o) || !strings.Contains(o.Msg, `did you mean "bad"`) {
		t.Errorf("a device of no profile: %v", err)
	}
	if pl := planned(t, p, "profile: other"); len(pl.Channels) != 1 {
		t.Errorf("a good profile among bad ones: %+v", pl)
	}
}

// TestExtendIsBounded: somebody names the root of a disk.
func TestExtendIsBounded(t *testing.T) {
	m := fstest.MapFS{}
	for i := range maxEntries {
		m[fmt.Sprintf("%d/file", i)] = &fstest.MapFile{}
	}
	_, err := new(Profiles).Extend("/", m)
	if err == nil || !strings.Contains(err.Error(), "E1812 this folder holds more than 10000 files or 1000 profiles") {
		t.Errorf("got %v", err)
	}
	if _, err := new(Profiles).Extend("x", folderOf("big.yaml", strings.Repeat("#", 2*yamldoc.MaxBytes))); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("has %d bytes", yamldoc.MaxBytes+1)) {
		t.Errorf("got %v", err)
	}
	if _, err := new(Profiles).Extend("x", brokenFS{}); err == nil {
		t.Error("a folder that cannot be read is taken")
	}
}

// TestExtendUnreadable: a link that leads nowhere and a pipe are named, each by itself,
// and the profiles beside them are read; nothing waits for who writes to the pipe.
func TestExtendUnreadable(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(os.Symlink("nowhere", filepath.Join(dir, "gone.yaml")), syscall.Mkfifo(filepath.Join(dir, "pipe.yaml"), 0o600),
		os.WriteFile(filepath.Join(dir, "tiny.yaml"), []byte(tiny), 0o600)); err != nil {
		t.Fatal(err)
	}
	p, err := new(Profiles).Extend("own", os.DirFS(dir))
	var ps yamldoc.Problems
	if !errors.As(err, &ps) || len(ps) != 2 {
		t.Fatalf("got %v", err)
	}
	for i, want := range []string{"own/gone.yaml:1:1: E1812 this profile cannot be read: no such file or directory; its link leads nowhere", "own/pipe.yaml:1:1: E1812 this profile cannot be read: not a regular file"} {
		if !strings.HasPrefix(ps[i].Error(), want) {
			t.Errorf("got  %v\nwant %s", ps[i], want)
		}
	}
	if _, ok := p.Get("tiny"); !ok {
		t.Error("the good profile beside them is not there")
	}
	if _, err := planYAML(p, "profile: pipe"); !errors.As(err, &ps) || len(ps) != 0 {
		t.Errorf("a device of a profile that cannot be read: %v", err)
	}
}
