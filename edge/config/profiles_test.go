package config_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/edge/config"
)

func TestProfilesFolder(t *testing.T) {
	for _, c := range []struct{ file, src, want string }{
		{"gateway.yaml", "profiles: own", "own"},
		{"/etc/lamppost/gateway.yaml", "profiles: own", "/etc/lamppost/own"},
		{"../gateway.yaml", "gateway: {id: [}\nprofiles: own", ""}, // no YAML: Load says so
		{"../gateway.yaml", "gateway: {id: Wrong}\nprofiles: ./own/", "../own"},
		{"a/gateway.yaml", "profiles: /opt/profiles/", "/opt/profiles"},
		{"a/gateway.yaml", "profiles: [own]", ""},
		{"a/gateway.yaml", "profiles:", ""},
		{"a/gateway.yaml", "profiles: \"\"", ""},
		{"a/gateway.yaml", "", ""},
	} {
		f, ok := config.ProfilesFolder(c.file, []byte(c.src))
		if f.Path != c.want || ok != (c.want != "") {
			t.Errorf("%s with %q: %q, %v; want %q", c.file, c.src, f.Path, ok, c.want)
		}
	}
}

func TestProfilesFolderProblem(t *testing.T) {
	f, _ := config.ProfilesFolder("a/g.yaml", []byte("gateway: {id: g}\nprofiles: own"))
	for err, want := range map[error]string{
		&fs.PathError{Op: "stat", Path: "a/own", Err: fs.ErrNotExist}: "a/g.yaml:2:11: E2004 the folder of device profiles cannot be read: file does not exist; make a/own, or delete the key",
		errors.New("it is a file"):                                    "a/g.yaml:2:11: E2004 the folder of device profiles cannot be read: it is a file; look at a/own",
	} {
		if got := f.Problem(err).Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestBeside: what lies beside the file is a part of the revision and is shown.
func TestBeside(t *testing.T) {
	src, err := os.ReadFile("testdata/full.good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	e := env(t)
	hashes := map[string]bool{}
	for _, digest := range []string{"", "a", "b"} {
		e.Beside = config.Beside{Digest: []byte(digest), Files: map[string]string{"keller-36xw": "etc/profiles/keller-36xw.yaml"}}
		c, err := config.Load("etc/full.good.yaml", bytes.Clone(src), e)
		if err != nil {
			t.Fatal(err)
		}
		hashes[c.Hash] = true
		var b strings.Builder
		if err := c.Show(&b); err != nil {
			t.Fatal(err)
		}
		if c.Profiles != "etc/profiles" || !strings.Contains(b.String(), "keller-36xw (etc/profiles/keller-36xw.yaml)") {
			t.Errorf("folder %s\n%s", c.Profiles, b.String())
		}
	}
	if len(hashes) != 3 {
		t.Errorf("revisions %v", hashes)
	}
}
