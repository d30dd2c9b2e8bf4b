package profile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/modbus"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

// formats is one protocol, which is enough here.
var formats = profile.Formats{modbus.Format()}

// tiny is the smallest good profile.
const tiny = `id: tiny
name: {zh: 试验, en: made up}
maker: nobody
source: {document: made up for this test}
sure: true
channels:
  - {name: temp, function: 4, register: 1, type: int16, scale: 0.1, min: -40, max: 80}
fixtures:
  - source: constructed
    request: 01 04 00 01 00 01 60 0A
    response: 01 04 02 01 31 79 74
    values: {temp: 30.5}
identify: none
`

func empty(t *testing.T) *profile.Set {
	t.Helper()
	s, err := formats.Read()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func about(s *profile.Set, id string) *profile.Head {
	if p, ok := s.Get(id); ok {
		return p.About()
	}
	return nil
}

// planYAML plans a device of a profile in s.
func planYAML(s *profile.Set, src string) (*drivers.Plan, error) {
	return modbus.Kind(modbus.Of(s)).Plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte(src))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
}

type brokenFS struct{ fs.FS }

func (brokenFS) Open(string) (fs.File, error) { return nil, fs.ErrPermission }

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
	base, err := formats.Read(folderOf("tiny.yaml", tiny))
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(tiny, "id: tiny", "id: other", 1)
	p, err := base.Extend("etc/profiles", folderOf("sub/tiny.yaml", strings.Replace(tiny, "nobody", "site", 1), "other.yaml", other, "notes.txt", "no profile"))
	if err != nil {
		t.Fatal(err)
	}
	f := about(p, "tiny")
	if f.Maker != "site" || !f.Own || !f.Replaces || f.File != "etc/profiles/sub/tiny.yaml" {
		t.Errorf("tiny is %+v", f)
	}
	f = about(p, "other")
	if f == nil || !f.Own || f.Replaces || f.File != "etc/profiles/other.yaml" {
		t.Errorf("other is %+v", f)
	}
	f = about(base, "tiny")
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
	base, err := formats.Read(folderOf("tiny.yaml", tiny))
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
	if pl, err := planYAML(p, "profile: other"); err != nil || len(pl.Channels) != 1 {
		t.Errorf("a good profile among bad ones: %+v, %v", pl, err)
	}
}

// TestExtendIsBounded: somebody names the root of a disk.
func TestExtendIsBounded(t *testing.T) {
	m := fstest.MapFS{}
	for i := range 10_000 {
		m[fmt.Sprintf("%d/file", i)] = &fstest.MapFile{}
	}
	_, err := empty(t).Extend("/", m)
	if err == nil || !strings.Contains(err.Error(), "E1812 this folder holds more than 10000 files or 1000 profiles") {
		t.Errorf("got %v", err)
	}
	if _, err := empty(t).Extend("x", folderOf("big.yaml", strings.Repeat("#", 2*yamldoc.MaxBytes))); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("has %d bytes", yamldoc.MaxBytes+1)) {
		t.Errorf("got %v", err)
	}
	if _, err := empty(t).Extend("x", brokenFS{}); err == nil {
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
	p, err := empty(t).Extend("own", os.DirFS(dir))
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

// TestProtocol: a file says which driver reads it, and one that knows another protocol
// passes it over.
func TestProtocol(t *testing.T) {
	toy := profile.Format{Protocol: "toy", Parse: func(doc *yamldoc.Doc) (profile.Profile, error) {
		return &toyProfile{Head: profile.Head{ID: "toy-1"}}, nil
	}, Schema: func() yamldoc.Schema { return yamldoc.Schema{"properties": yamldoc.Schema{}} }}
	folder := folderOf("tiny.yaml", tiny, "toy-1.yaml", "protocol: toy\nid: toy-1\n")
	both, err := append(formats, toy).Read(folder)
	if err != nil || fmt.Sprint(both.IDs()) != "[tiny toy-1]" || about(both, "toy-1").Protocol != "toy" || about(both, "tiny").Protocol != "modbus" {
		t.Fatalf("%v, %v", both.IDs(), err)
	}
	one, err := profile.ReadOnly(modbus.Format(), folder)
	if err != nil || fmt.Sprint(one.IDs()) != "[tiny]" {
		t.Errorf("%v, %v", one.IDs(), err)
	}
	if _, err := formats.Read(folder); err == nil || !strings.Contains(err.Error(), `toy-1.yaml:1:11: E1813 there is no protocol "toy"; `) {
		t.Errorf("a protocol that nobody knows: %v", err)
	}
	if _, err := planYAML(both, "profile: toy-1"); err == nil || !strings.Contains(err.Error(), "profile toy-1 is read by the driver toy") {
		t.Errorf("the wrong driver takes it: %v", err)
	}
	if ids := modbus.Of(both).IDs(); fmt.Sprint(ids) != "[tiny]" {
		t.Errorf("Modbus parts %v", ids)
	}
}

type toyProfile struct{ profile.Head }

func (*toyProfile) Print() profile.Print        { return profile.NoPrint }
func (*toyProfile) Measures() []drivers.Channel { return nil }
func (*toyProfile) Examples() []profile.Example { return nil }
