package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The catalogue pages are what the program prints; UPDATE_GOLDEN=1 writes
// them anew.
func TestDriversPage(t *testing.T) {
	for lang, page := range map[string]string{"en": "drivers.md", "zh": "drivers.zh-CN.md"} {
		out, errs, code := lamppost(t.Context(), "driver", "list", "--markdown", "--lang", lang)
		if code != exitOK {
			t.Fatalf("exit %d: %s", code, errs)
		}
		path := filepath.Join("../../../docs", page)
		if os.Getenv("UPDATE_GOLDEN") != "" {
			must(t, os.WriteFile(path, []byte(out), 0o644))
		}
		want, err := os.ReadFile(path)
		must(t, err)
		if diff := cmp.Diff(string(want), out); diff != "" {
			t.Errorf("docs/%s is not what lamppost driver list --markdown prints (-page +program); run this test with UPDATE_GOLDEN=1:\n%s", page, diff)
		}
	}
}

// Every driver says how well it is known and has a heading to be listed with.
func TestDriverList(t *testing.T) {
	for lang, head := range map[string]string{"en": "DRIVER ", "zh": "驱动"} {
		out, errs, code := lamppost(t.Context(), "driver", "list", "--lang", lang)
		if code != exitOK || !strings.HasPrefix(out, head) || !strings.Contains(out, "\npms5003 ") {
			t.Fatalf("exit %d: %s%s", code, out, errs)
		}
		for line := range strings.Lines(out) {
			if f := strings.Fields(line); len(f) < 5 || f[2] == "-" || f[3] == "-" || f[4] == "-" {
				t.Errorf("without conformance or heading: %s", line)
			}
		}
	}
}

func TestDriverShow(t *testing.T) {
	out, _, code := lamppost(t.Context(), "driver", "show", "pms5003")
	if code != exitOK || !strings.Contains(out, "# pms5003: Plantower dust sensors") || !strings.Contains(out, "driver: pms5003") {
		t.Errorf("exit %d: %s", code, out)
	}
	out, _, code = lamppost(t.Context(), "driver", "show", "--sample", "pms5003")
	if code != exitOK || !strings.HasPrefix(out, "devices:\n") {
		t.Errorf("exit %d: %s", code, out)
	}
	if _, errs, code := lamppost(t.Context(), "driver", "show", "pms503"); code != exitUsage || !strings.Contains(errs, `did you mean "pms5003"`) {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// goOffline lets go commands do with what is on this machine.
func goOffline(t *testing.T) {
	t.Helper()
	for key, value := range map[string]string{"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOSUMDB": "off", "GOWORK": "off"} {
		t.Setenv(key, value)
	}
}

// A new driver passes its own tests at once; a promise that it breaks afterwards is
// named, with what is wrong.
func TestDriverNewAndTest(t *testing.T) {
	goOffline(t)
	checkout, err := filepath.Abs("../../..")
	must(t, err)
	t.Chdir(t.TempDir())
	out, errs, code := lamppost(t.Context(), "driver", "new", "acme-flow", "--lamppost", checkout)
	if code != exitOK || !strings.Contains(out, "wrote acme-flow/acmeflow.go") || !strings.Contains(out, "go mod tidy") {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	out, errs, code = lamppost(t.Context(), "driver", "test", "acme-flow", "--lang", "en")
	if code != exitOK || !strings.Contains(out, "\nkept     golden/frost\n") || !strings.Contains(out, " 0 broken\nconformance: ") {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	frame, err := os.ReadFile("acme-flow/frame.go")
	must(t, err)
	careless := bytes.Replace(frame, []byte(" || sum(b[:frameLen-1]) != b[frameLen-1]"), nil, 1)
	if bytes.Equal(careless, frame) {
		t.Fatal("the made-up part has another checksum now; change this test")
	}
	must(t, os.WriteFile("acme-flow/frame.go", careless, 0o600))
	out, _, code = lamppost(t.Context(), "driver", "test", "acme-flow", "--lang", "zh")
	if code != exitFindings || !strings.Contains(out, "不符     a flipped bit is never a value\n         bit 0 of byte 2 flipped: no error") || strings.Contains(out, "等级") {
		t.Errorf("exit %d: %s", code, out)
	}
	must(t, os.WriteFile("acme-flow/frame.go", []byte("package acmeflow\n\nfunc {"), 0o600))
	if _, errs, code = lamppost(t.Context(), "driver", "test", "acme-flow"); code != exitUsage || !strings.Contains(errs, "frame.go:3") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestDriverNewRefuses(t *testing.T) {
	checkout, err := filepath.Abs("../../..")
	must(t, err)
	t.Chdir(t.TempDir())
	must(t, os.MkdirAll("full/x", 0o755))
	must(t, os.WriteFile("file", nil, 0o600))
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"acme", exitUsage, "--lamppost FOLDER"},
		{"acme --lamppost .", exitUsage, "does not hold Lamppost's sources"},
		{"Acme", exitUsage, "'A' is not allowed"},
		{"acme --wire tin", exitUsage, `wire "tin"; write one of`},
		{"acme --dir full --lamppost ROOT", exitUsage, "name another folder"},
		{"acme --dir file/x --lamppost ROOT", exitStorage, "name a folder that you may write"},
	} {
		args := append([]string{"driver", "new"}, strings.Fields(strings.ReplaceAll(c.args, "ROOT", checkout))...)
		if _, errs, code := lamppost(t.Context(), args...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit %d, want %d with %q: %s", c.args, code, c.code, c.want, errs)
		}
	}
	if _, errs, code := lamppost(t.Context(), "driver", "test", "nowhere"); code != exitUsage {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// Inside Lamppost's own sources a driver is a folder among the others.
func TestDriverNewInTheTree(t *testing.T) {
	root := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(root, "drivers/catalog"), 0o755))
	must(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte(home+"\n"), 0o600))
	must(t, os.Mkdir(filepath.Join(root, "docs"), 0o755))
	t.Chdir(filepath.Join(root, "docs"))
	out, errs, code := lamppost(t.Context(), "driver", "new", "acme", "--wire", "modbus")
	if code != exitOK || !strings.Contains(out, "add acme.Kind() to the list in drivers/catalog/catalog.go") {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	if _, err := os.Stat(filepath.Join(root, "drivers/acme/acme.go")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(root, "drivers/acme/go.mod")); err == nil {
		t.Error("a driver among the others is no module of its own")
	}
}
