package command

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/jsonschema-go/jsonschema"

	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// schema is what a command prints, resolved; the copy in the repository must be the
// same.
func schema(t *testing.T, file string, args ...string) *jsonschema.Resolved {
	t.Helper()
	out, errs, code := lamppost(t.Context(), args...)
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	path := filepath.Join("../../../firmware-configs/schema", file)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		must(t, os.WriteFile(path, []byte(out), 0o644))
	}
	if kept, err := os.ReadFile(path); err != nil || string(kept) != out {
		t.Errorf("firmware-configs/schema/%s is not what lamppost %s prints (%v); run this test with UPDATE_GOLDEN=1", file, strings.Join(args, " "), err)
	}
	var s jsonschema.Schema
	must(t, json.Unmarshal([]byte(out), &s))
	r, err := s.Resolve(nil)
	must(t, err)
	return r
}

// instance is a YAML file as an editor sees it.
func instance(t *testing.T, src string) any {
	t.Helper()
	var v, back any
	if err := yaml.Unmarshal([]byte(src), &v); err != nil {
		return err // no YAML is not an object either
	}
	b, err := json.Marshal(v)
	must(t, err)
	must(t, json.Unmarshal(b, &back))
	return back
}

// Every built-in profile is valid; a profile with a mistake of form is not.
func TestProfileSchema(t *testing.T) {
	s := schema(t, "device-profile.schema.json", "profiles", "schema")
	files, err := fs.Glob(firmwareconfigs.Devices(), "*.yaml")
	must(t, err)
	var any string
	for _, file := range files {
		src, err := fs.ReadFile(firmwareconfigs.Devices(), file)
		must(t, err)
		if err := s.Validate(instance(t, string(src))); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if file == "xy-md02.yaml" {
			any = string(src)
		}
	}
	for _, c := range [][2]string{
		{"id: xy-md02\n", ""}, {"maker:", "makre:"}, {"sure: true", "sure: perhaps"}, {"baud: 9600", "baud: fast"}, {"parity: none", "parity: mark"},
		{"every: 1s", "every: 1 s"}, {"max_registers: 2", "max_registers: [2]"}, {"register: 0x0001", "register: 65536"}, {"type: int16", "type: int24"},
		{"scale: 0.1", "scale: tenth"}, {"channels:", "chanels:"}, {"temp: 30.5}", "temp: {v: 30.5}}"}, {"type: int16", "type: int16, order: dabc"},
	} {
		wrong := strings.Replace(any, c[0], c[1], 1)
		if wrong == any {
			t.Fatalf("%q is not in the profile", c[0])
		}
		if err := s.Validate(instance(t, wrong)); err == nil {
			t.Errorf("%q in place of %q is valid", c[1], c[0])
		}
		if _, _, code := lamppost(t.Context(), "profiles", "test", writeTemp(t, "xy-md02.yaml", wrong)); code != exitConfig {
			t.Errorf("%q in place of %q: exit %d; what the schema refuses, the program must refuse", c[1], c[0], code)
		}
	}
}

func writeTemp(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// structural are the ids of mistakes of form, which a schema can find.
var structural = regexp.MustCompile(`  E1(101|102|103|104|105|106|107|108|109) `)

// Every good configuration of the tests, and every sample of a driver, is valid; a bad
// one with a mistake of form is not.
func TestConfigSchema(t *testing.T) {
	s := schema(t, "gateway.schema.json", "config", "schema")
	b, err := Options{}.loadBuiltin(true)
	must(t, err)
	for _, k := range b.env.Kinds {
		if err := s.Validate(instance(t, "gateway: {id: g}\n"+k.Sample)); err != nil {
			t.Errorf("the sample of %s: %v", k.Name, err)
		}
	}
	good, _ := filepath.Glob("../../../edge/config/testdata/*.good.yaml")
	bad, _ := filepath.Glob("../../../edge/config/testdata/*.bad.yaml")
	if len(good) < 5 || len(bad) < 40 {
		t.Fatalf("%d good and %d bad files", len(good), len(bad))
	}
	for _, file := range good {
		src, err := os.ReadFile(file)
		must(t, err)
		if err := s.Validate(instance(t, string(src))); err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
		}
	}
	found := 0
	for _, file := range bad {
		src, err := os.ReadFile(file)
		must(t, err)
		want, err := os.ReadFile(strings.TrimSuffix(file, ".bad.yaml") + ".want")
		must(t, err)
		if !structural.Match(want) {
			continue
		}
		if err := s.Validate(instance(t, string(src))); err == nil {
			t.Errorf("%s is valid, and must be refused:\n%s", filepath.Base(file), want)
		}
		found++
	}
	if found < 12 {
		t.Errorf("only %d bad files with mistakes of form were refused", found)
	}
}

// Every key has a sentence: an editor shows it.
func TestSchemaDescribesEveryKey(t *testing.T) {
	for _, args := range [][]string{{"profiles", "schema"}, {"config", "schema"}} {
		out, _, _ := lamppost(t.Context(), args...)
		var s any
		must(t, json.Unmarshal([]byte(out), &s))
		for _, path := range undescribed(s, "") {
			t.Errorf("lamppost %s: %s has no description", strings.Join(args, " "), path)
		}
	}
}

// undescribed lists the properties without a description.
func undescribed(v any, path string) (list []string) {
	switch v := v.(type) {
	case map[string]any:
		properties, _ := v["properties"].(map[string]any)
		for key, p := range properties {
			m, judged := p.(map[string]any)
			_, constant := m["const"]
			if judged && m["description"] == nil && !constant && key != "zh" && key != "en" && path != "/actions" {
				list = append(list, path+"/"+key)
			}
		}
		for key, below := range v {
			if key == "properties" {
				for name, p := range properties {
					list = append(list, undescribed(p, "/"+name)...)
				}
				continue
			}
			list = append(list, undescribed(below, path)...)
		}
	case []any:
		for _, below := range v {
			list = append(list, undescribed(below, path)...)
		}
	}
	return list
}
