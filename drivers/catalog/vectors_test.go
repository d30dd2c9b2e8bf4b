package catalog_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/codec/golden"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// vector is a line of testdata/vectors.txt.
type vector struct {
	line    string
	bad     bool
	bytes   []byte
	numbers []float64 // that come of it; none: it is no reading
	fault   string
}

// Each published example is tested with what it means: as a golden frame or a profile's
// exchange, which the conformance kit and the profiles' tests play, or in a test of its
// decoder.
func TestVectors(t *testing.T) {
	played, written := expectations(t), testTexts(t)
	vectors := readVectors(t)
	if len(vectors) < 335 {
		t.Errorf("only %d examples", len(vectors))
	}
	inTests := 0
	for _, v := range vectors {
		why, ok := v.among(played)
		switch {
		case ok:
		case why != "":
			t.Errorf("%s\n\tis tested with something else: %s", v.line, why)
		case v.in(written):
			inTests++
		default:
			t.Errorf("%s\n\tis nowhere tested", v.line)
		}
	}
	t.Logf("%d examples: %d played to drivers and profiles, %d in tests of decoders", len(vectors), len(vectors)-inTests, inTests)
}

// among says whether one of the expectations has v's bytes and v's meaning. why tells
// what else those with the bytes expect.
func (v vector) among(all []expectation) (why string, ok bool) {
	for _, e := range all {
		if !bytes.Contains(e.bytes, v.bytes) {
			continue
		}
		if e.means(v) {
			return "", true
		}
		why = fmt.Sprintf("%s expects %v %s", e.file, e.numbers, e.fault)
	}
	return why, false
}

// in says whether a test's text holds v.
func (v vector) in(texts []string) bool {
	spaced, packed := strings.ToLower(fmt.Sprintf("% x", v.bytes)), hex.EncodeToString(v.bytes)
	for _, text := range texts {
		if strings.Contains(text, spaced) || strings.Contains(text, packed) || strings.Contains(text, strings.ToLower(string(v.bytes))) {
			return true
		}
	}
	return false
}

// expectation is what some bytes must become, as a file of the repository says.
type expectation struct {
	file    string
	bytes   []byte
	numbers []float64
	fault   string
}

func (e expectation) means(v vector) bool {
	if v.bad {
		return e.fault != "" && (v.fault == "" || v.fault == e.fault)
	}
	for _, n := range v.numbers {
		if !slices.ContainsFunc(e.numbers, func(m float64) bool { return math.Abs(n-m) < 0.006*max(0.1, math.Abs(n)) }) {
			return false
		}
	}
	return true
}

// expectations are the golden frames of all drivers and the exchanges of all profiles.
func expectations(t *testing.T) (all []expectation) {
	t.Helper()
	frames, err := filepath.Glob("../*/testdata/*.frame")
	if err != nil || len(frames) == 0 {
		t.Fatalf("%d golden frames, %v", len(frames), err)
	}
	for _, name := range frames {
		f, err := golden.Parse(read(t, name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, expectation{name, f.Frame, numbers(f.Want), f.WantFault})
	}
	profiles, err := filepath.Glob("../../firmware-configs/devices/*.yaml")
	if err != nil || len(profiles) == 0 {
		t.Fatalf("%d profiles, %v", len(profiles), err)
	}
	for _, name := range profiles {
		all = append(all, exchanges(t, name)...)
	}
	return all
}

// exchanges are those of a profile's fixtures, whatever its protocol.
func exchanges(t *testing.T, name string) (all []expectation) {
	t.Helper()
	doc, err := yamldoc.Parse(name, []byte(read(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	fixtures := doc.Node("fixtures")
	for i := range fixtures.Len() {
		at := func(key string) string { return doc.Node("fixtures", strconv.Itoa(i), key).Text() }
		b, err := hex.DecodeString(strings.ReplaceAll(at("response"), " ", ""))
		if err != nil || len(b) == 0 {
			continue // a text, or several exchanges: found as text
		}
		e := expectation{file: name, bytes: b, fault: at("fault")}
		values := doc.Node("fixtures", strconv.Itoa(i), "values")
		for _, key := range values.Keys() {
			e.numbers = append(e.numbers, numbers("x="+doc.Node("fixtures", strconv.Itoa(i), "values", key).Text())...)
		}
		all = append(all, e)
	}
	return all
}

var numberRE = regexp.MustCompile(`=(-?[0-9.]+(?:[eE][+-]?[0-9]+)?)`)

// numbers are those in "pm1=0 pm2_5=35/fail/range".
func numbers(want string) (all []float64) {
	for _, m := range numberRE.FindAllStringSubmatch(want, -1) {
		if v, err := strconv.ParseFloat(m[1], 64); err == nil {
			all = append(all, v)
		}
	}
	return all
}

// testTexts are the sources of all tests below drivers and of the profiles, in small
// letters.
func testTexts(t *testing.T) (all []string) {
	t.Helper()
	for _, root := range []string{"..", "../../firmware-configs/devices"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && path != "vectors_test.go" && (strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".yaml")) {
				text := strings.ToLower(read(t, path))
				all = append(all, text, strings.ReplaceAll(text, " ", "")) // some set the checksum apart
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func readVectors(t *testing.T) (all []vector) {
	t.Helper()
	for line := range strings.Lines(read(t, "testdata/vectors.txt")) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		p := strings.Split(line, ";")
		if len(p) < 2 || len(p) > 3 {
			t.Fatalf("%q", line)
		}
		v := vector{line: line, bad: p[0] == "bad"}
		text, err := strings.TrimSpace(p[1]), error(nil)
		if quoted, isText := strings.CutPrefix(text, `"`); isText {
			v.bytes = []byte(strings.TrimSuffix(quoted, `"`))
		} else if v.bytes, err = hex.DecodeString(strings.ReplaceAll(text, " ", "")); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for _, word := range strings.Fields(strings.Join(p[2:], "")) {
			if n, err := strconv.ParseFloat(word, 64); err == nil && !v.bad {
				v.numbers = append(v.numbers, n)
			} else {
				v.fault = word
			}
		}
		all = append(all, v)
	}
	return all
}

func read(t *testing.T, name string) string {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}
