package chinese

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// spoken are the folders whose sentences people read when a command fails or a file is
// wrong, and what in them is no such sentence: whole files, or sentences that end up in
// a log, in a page for programmers or in a name.
var spoken = []struct {
	dir   string
	files []string // not these
}{
	{"drivers/codec/yamldoc", []string{"schema.go"}},
	{"drivers/obs", []string{"checks_notes.go"}},
	{"drivers/obs/quantity", nil},
	{"drivers/profile", []string{"format.go"}},
	{"drivers/modbus", []string{"schema.go", "driver.go", "identify.go", "look.go", "plan_words.go"}},
	{"drivers/uart", []string{"schema.go", "describe.go", "driver.go"}},
	{"edge/rule", []string{"snapshot.go"}},
	{"edge/rulepack", nil},
	{"edge/rehearsal", nil},
	{"edge/calibrate", []string{"page.go"}},
	{"edge/derive", []string{"index.go", "engine.go", "words.go"}},
	{"edge/config", []string{"notes.go", "schema.go", "show.go"}},
	{"drivers/bme280", nil}, {"drivers/nmea0183", nil}, {"drivers/pms5003", nil}, {"drivers/scd4x", []string{"part.go"}}, {"drivers/maxbotix", nil}, {"drivers/metering", nil},
	{"drivers/flowmeter", nil}, {"drivers/ezo", nil}, {"drivers/relay", nil}, {"drivers/ds18b20", []string{"scratchpad.go"}}, {"drivers/a02yyuw", nil}, {"drivers/pulse", nil},
	{"drivers/mhz19", nil}, {"drivers/digital", nil}, {"drivers/anemometer", nil}, {"drivers/ranging", nil}, {"drivers/jsnsr04t", nil}, {"drivers/sds011", []string{"driver.go"}},
	{"drivers/raingauge", nil}, {"drivers/loop", nil}, {"drivers/winsen", []string{"models.go"}}, {"drivers/sdi12", nil}, {"drivers/senseair", nil}, {"drivers/zphs01", nil}, {"drivers/camera/detect", nil},
}

// heard are folders of which only some sentences are told to people.
var heard = []struct {
	dir   string
	files []string
}{{"cmd/lamppost/command", nil}, {"edge/gateway", nil}, {"edge/pin", nil}, {"drivers/bus/serial", nil}, {"drivers/bus/w1", nil}, {"drivers", nil}, {"drivers/profile", nil},
	{"drivers/board", nil}, {"drivers/process", nil}, {"drivers/modem", nil}, {"drivers/camera", nil}, {"drivers/camera/vision", nil}, {"drivers/bus/process", nil},
	{"cmd/lamppost-cloud", nil}, {"cmd/lamppost-sim", nil}, {"cloud/settings", nil}, {"cloud/notify/words", nil}}

// unsaid are texts in these folders that are no sentences for people: parts of one that is
// here as a whole, what a library's message is known by, names, and errors of a program's
// own making.
var unsaid = []string{
	"yamldoc: cannot decode into %T; a pointer is wanted", "yamldoc: cannot decode into %v", "yamldoc: cannot decode into %v: its keys are no strings",
	"yamldoc: %q is no range; write one like 0.05..100 m", "%w (field %s of %v)", "%s to %s %s",
	"… and %d more", "… and %d more, which are shown when these are mended\n", "%s in %s\n",
	"cannot start any token", "mapping value is not allowed", "must be specified", "could not find end character", "non-map value", "reserved character",
	"maximum allowed nodes", "out of range", "unexpected token", "unrecognized character", "not terminated", `^unexpected token \w+\("(.*)"\)$`, "%s, byte %d: %s %s",
	"clear %s is %s raise %s", "clear must be %s than %s", "%s must be %s than %s", "a duration like 5m%s",
	"this is not the address of a proxy%s", "a proxy's address needs its port%s", "a proxy's address ends with its port%s",
	"bus: rs485-1", "id: 28-0316a2794eff", "line: GPIO17", "port: /dev/ttyAMA1", "address: 0x76", "gpio %s", "tcp %s", "node %s",
	" for %s", " from %s", "metric %s", "default: %s", "when it is false", "pack rule %s", "as the board has it", // of check --show
	"%w (field %s of %v)", "yamldoc: %q is no range; write one like 0.05..100 m", "%s to %s %s", "%s cannot be; write %s, %s", // of programmers, and of any sentence
	"BMP280 of an early series", "the device tree sets the speed", "%s; write each that the part has enabled once: %s", "no output", " of talker %s",
	"is nothing that pulses add up to here", "cannot be measured by pulses here", "%q %s; it has a driver of its own: write driver: %s",
	"%q %s; write one of %s, or one with a qualifier, like %s.east", "%w: it was told %d and confirms % x",
	"%w: register %#02x read twice is % X and % X: the bus is disturbed",
	"function %d %s 0x%04X", " to 0x%04X", "not evaluated", "rule packs: %w", "device profiles: %w", "device profiles: %s: %w", "the profile has no such channel%s", "profile %s has no channel %q%s",
	`"%%" means a ratio from 0 to 1 in SenML; write /100, or %%RH for humidity`, "^unexpected token \\w+\\(\"(.*)\"\\)$", "unrecognized character", "not terminated",

	", lowest: %s, highest: %s", // of a drawing as YAML
	"; write mqtt://host:1883, mqtts://host:8883 or wss://host/path", "; write http://host:3128 or socks5://host:1080, or env", "%v; write with: river.level, for example",
}

// said are the sentences in the sources of a folder, with the place of each: texts of more
// than one word, put together where they are added up.
func said(t *testing.T, dir string, without []string) map[string]string {
	t.Helper()
	return saidIn(t, dir, without, func(n ast.Node) bool { _, all := n.(*ast.File); return all })
}

// saidIn is said for what stands below nodes that are in.
func saidIn(t *testing.T, dir string, without []string, in func(ast.Node) bool) map[string]string {
	t.Helper()
	all := map[string]string{}
	paths, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no sources in %s: %v", dir, err)
	}
	skip := " " + strings.Join(without, " ") + " "
	for _, path := range paths {
		name := filepath.Base(path)
		if strings.HasSuffix(name, "_test.go") || strings.Contains(skip, " "+name+" ") {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		collect := func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.Field:
				if n.Tag != nil {
					tag, _ := strconv.Unquote(n.Tag.Value)
					if means := reflect.StructTag(tag).Get("means"); means != "" {
						all[means] = fmt.Sprintf("%s:%d", filepath.Join(dir, name), fset.Position(n.Pos()).Line)
					}
					return false
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "pick" || f.Name == "panic") {
					return false
				}
			case ast.Expr:
				if text, ok := literal(n); ok {
					if wordy.MatchString(verbs.ReplaceAllString(text, "x")) && !strings.ContainsFunc(text, isHan) {
						all[text] = fmt.Sprintf("%s:%d", filepath.Join(dir, name), fset.Position(n.Pos()).Line)
					}
					return false
				}
			}
			return true
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if n != nil && in(n) {
				ast.Inspect(n, collect)
				return false
			}
			return true
		})
	}
	return all
}

var (
	wordy = regexp.MustCompile(`[A-Za-z]{2,}[^A-Za-z]* [^ ]*[A-Za-z]`)
	verbs = regexp.MustCompile(`%[0-9.#+-]*[a-zA-Z]`)
)

// literal is the text of an expression that is one, or is put together of some; what is
// added in between is %s.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, e.Kind == token.STRING && err == nil
	case *ast.ParenExpr:
		return literal(e.X)
	case *ast.BinaryExpr:
		a, left := literal(e.X)
		b, right := literal(e.Y)
		if e.Op != token.ADD || !left && !right {
			return "", false
		}
		if !left {
			a = "%s"
		}
		if !right {
			b = "%s"
		}
		return a + b, true
	}
	return "", false
}

// example puts something in the place of each verb.
func example(format string) string {
	return strings.ReplaceAll(verbs.ReplaceAllStringFunc(format, func(v string) string {
		switch v[len(v)-1] {
		case 'q':
			return `"xyz"`
		case 'd':
			return "7"
		case 'x', 'X':
			return "4a"
		case 'f', 'g':
			return "1.5"
		}
		return "xyz"
	}), "%%", "%")
}

// common are English words that are no keys, functions or commands of ours.
var common = regexp.MustCompile(`(?i)\b(the|an|of|are|it|been|has|have|here|there|this|that|than|which|what|where|like|into|cannot|does|your|its|them|they|but|how|was|were|will|must|more|between|no|write|delete|add)\b`)

// English returns what in a Chinese text is English that a person would have to read.
func english(zh string) string {
	return common.FindString(regexp.MustCompile("\"[^\"]*\"|`[^`]*`|--[a-z-]+|[a-z_]+:").ReplaceAllString(zh, ""))
}

// Each sentence of the sources has its Chinese, all of it.
func TestEverySentenceIsHere(t *testing.T) {
	for _, s := range spoken {
		for en, place := range said(t, s.dir, s.files) {
			if zh, ok := Sentence(example(en)); !slices.Contains(unsaid, en) && (!ok || english(zh) != "") {
				t.Errorf("%s: %q has no Chinese here (%s)", place, en, zh)
			}
		}
	}
}

// Each error of the programs has its Chinese, and each hint.
func TestEveryErrorIsHere(t *testing.T) {
	for _, dir := range []string{"cmd/lamppost/command", "cmd/lamppost-cloud", "cmd/lamppost-sim", "cloud/settings", "cloud/notify/words"} {
		for en, place := range saidIn(t, dir, nil, inError) {
			whole := strings.Replace(en, "%w: ", "wrong usage: ", 1)
			if zh, ok := Sentence(example(whole)); !slices.Contains(unsaid, en) && (!ok || english(zh) != "") {
				t.Errorf("%s: %q has no Chinese here (%s)", place, en, zh)
			}
		}
	}
}

// Each mistake in the options of a camera has its Chinese, what is wrong and what to write.
func TestEveryOptionOfACameraIsHere(t *testing.T) {
	for _, dir := range []string{"drivers/camera", "drivers/camera/vision"} {
		for en, place := range saidIn(t, dir, nil, inOption) {
			if zh, ok := Sentence(example(en)); !slices.Contains(unsaid, en) && (!ok || english(zh) != "") {
				t.Errorf("%s: %q has no Chinese here (%s)", place, en, zh)
			}
		}
	}
}

// inOption says whether what stands below n is told as a mistake in an option.
func inOption(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		f, ok := n.Fun.(*ast.Ident)
		return ok && f.Name == "wrong"
	case *ast.CompositeLit:
		switch f := n.Type.(type) {
		case *ast.Ident:
			return f.Name == "Mistake"
		case *ast.SelectorExpr:
			return f.Sel.Name == "OptionError"
		}
	case *ast.FuncDecl:
		return n.Name.Name == "Check" || n.Name.Name == "staff"
	}
	return false
}

// inError says whether what stands below n is an error, a hint of one, or a problem.
func inError(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		switch f := n.Fun.(type) {
		case *ast.SelectorExpr:
			return slices.Contains([]string{"Errorf", "say", "Problem", "KeyProblem", "WithHint"}, f.Sel.Name) || f.Sel.Name == "New" && fmt.Sprint(f.X) == "errors"
		case *ast.Ident:
			return f.Name == "wrong"
		}
	case *ast.CompositeLit:
		f, ok := n.Type.(*ast.Ident)
		return ok && f.Name == "exit"
	}
	return false
}

// Each sentence here is one that the sources say, or a part of one beside a semicolon.
func TestNothingElseIsHere(t *testing.T) {
	plain := func(s string) string { return verbs.ReplaceAllString(s, "%") }
	known := map[string]bool{}
	for _, s := range append(spoken, heard...) {
		for en := range said(t, s.dir, s.files) {
			known[plain(en)] = true
			for _, part := range strings.Split(en, "; ") {
				known[plain(part)] = true
			}
			if _, after, ok := strings.Cut(en, "; "); ok {
				known[plain(after)] = true
			}
		}
	}
	for _, table := range [][]pair{documents, rules, packs, rehearsals, derived, gateways, wiring, duties, values, profiles, registers, messages, parts, programs} {
		for _, p := range table {
			if !known[plain(p.en)] && wordy.MatchString(verbs.ReplaceAllString(p.en, "x")) {
				t.Errorf("nobody says %q", p.en)
			}
		}
	}
}

// No sentence is here twice, and each has Chinese that takes no more than it is given.
func TestTables(t *testing.T) {
	seen := map[string]bool{}
	for _, table := range tables {
		for _, p := range table {
			if seen[p.en] {
				t.Errorf("%q is here twice", p.en)
			}
			seen[p.en] = true
			n := len(verbs.FindAllString(strings.ReplaceAll(p.en, "%%", ""), -1))
			for _, at := range regexp.MustCompile(`\$[0-9]`).FindAllString(p.zh, -1) {
				if int(at[1]-'0') > n || at == "$0" {
					t.Errorf("%q has %d verbs, %q wants %s", p.en, n, p.zh, at)
				}
			}
		}
	}
}
