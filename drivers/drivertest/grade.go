package drivertest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/tape"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// The levels of conformance, from the least to the most.
const (
	bronze = "bronze"
	silver = "silver"
	gold   = "gold"
)

// What is known of a real part, from the least to the most.
const (
	notYet   = "not yet"
	recorded = "recorded"
	inField  = "in the field"
)

// evidence is what a driver's folder holds for its grade.
type evidence struct {
	frames int          // golden frames
	tapes  []*tape.Tape // all of them, also of simulated parts
	field  []stay
	fuzzed bool // there is a fuzz target
}

// stay is a line of testdata/field.yaml: a part that ran for a while. Seen is the last
// day on which somebody looked and it ran.
type stay struct {
	Who   string `yaml:"who,required"`
	Where string `yaml:"where,required"`
	Since day    `yaml:"since,required"`
	Seen  day    `yaml:"seen,required"`
}

// day is a date, 2026-03-02.
type day struct{ time.Time }

// UnmarshalText reads a date.
func (d *day) UnmarshalText(text []byte) (err error) {
	if d.Time, err = time.Parse(time.DateOnly, string(text)); err != nil {
		return fmt.Errorf("write a day like 2026-03-02")
	}
	return nil
}

// months is the least time in the field that counts.
const months = 90 * 24 * time.Hour

// gather reads what testdata below dir holds.
func gather(dir string) (e evidence, err error) {
	frames, err := filepath.Glob(filepath.Join(dir, "testdata", "*.frame"))
	if err != nil {
		return e, err
	}
	e.frames = len(frames)
	if e.fuzzed, err = fuzzes(dir); err != nil {
		return e, err
	}
	names, err := filepath.Glob(filepath.Join(dir, "testdata", "*.tape"))
	if err != nil {
		return e, err
	}
	for _, name := range names {
		t, err := readTape(name)
		if err != nil {
			return e, err
		}
		e.tapes = append(e.tapes, t)
	}
	e.field, err = readField(filepath.Join(dir, "testdata", "field.yaml"))
	return e, err
}

func readTape(name string) (*tape.Tape, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() // it was only read
	return tape.Read(filepath.Base(name), f)
}

func readField(name string) ([]stay, error) {
	src, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	doc, err := yamldoc.Parse(name, src)
	if err != nil {
		return nil, err
	}
	var k struct {
		Field []stay `yaml:"field,required"`
	}
	err = doc.Decode(&k)
	return k.Field, err
}

// ofPart says whether a tape is of a real part: recorded by the program, from a part with
// a name, and by somebody who does not say otherwise.
func ofPart(t *tape.Tape) bool {
	by := strings.ToLower(t.By)
	for _, word := range []string{"constructed", "simulated", "published", "made up"} {
		if strings.Contains(by, word) {
			return false
		}
	}
	return t.Part != "" && t.Software != ""
}

// fuzzes says whether a test in dir has a fuzz target.
func fuzzes(dir string) (bool, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return false, err
	}
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			return false, err
		}
		if fuzzRE.Match(src) {
			return true, nil
		}
	}
	return false, nil
}

var fuzzRE = regexp.MustCompile(`(?m)^func Fuzz\w+\(\w+ \*testing\.F\)`)

// provoked are the faults that tapes must show for gold, each one of several words.
// What is not here cannot be recorded, and stays silver.
var provoked = map[drivers.Wire][][]string{
	drivers.SerialLine:    {{"timeout"}, {"checksum", "protocol"}, {"unplugged"}},
	drivers.ModbusUnit:    {{"timeout"}, {"checksum", "protocol", "exception"}, {"unplugged"}},
	drivers.I2CDevice:     {{"timeout"}},
	drivers.InputLine:     {{"unplugged", "busy"}},
	drivers.PulseLine:     {{"unplugged", "busy"}},
	drivers.OneWireDevice: {{"timeout", "unplugged"}},
	drivers.SDI12Sensor:   {{"timeout"}, {"checksum", "protocol"}},
	drivers.ChildProcess:  {{"timeout"}, {"unplugged"}},
	drivers.BoardHost:     {{"unplugged"}},
	drivers.OutputLine:    {{"unplugged", "busy"}},
	drivers.ProgramRun:    {{"timeout"}, {"device"}},
}

// levels have nothing of a part in them but a yes or no: their drivers decode nothing
// that could be fuzzed. Counts can be, see FuzzCounts.
var levels = []drivers.Wire{drivers.InputLine, drivers.OutputLine, drivers.ProgramRun}

// sections are the headings of a complete page; a heading may go on after the words.
var sections = []string{"Wiring", "Options", "Channels", "Warm-up", "What each fault looks like"}

// conformance says how far the driver is proven without a part, and what is missing for
// the next level. answers counts what it was tested with, frames among them.
func (e evidence) conformance(k drivers.Kind, answers int) (level, why string) {
	have := fmt.Sprintf("%d answers, %d tapes", answers, len(e.tapes))
	for _, s := range sections {
		if !strings.Contains(k.Readme, "\n## "+s) {
			return bronze, fmt.Sprintf("%s; README.md has no section %q", have, s)
		}
	}
	switch {
	case answers < enough:
		return bronze, fmt.Sprintf("%s; %d answers, of the part in order and of its faults, are the least", have, enough)
	case !e.fuzzed && !slices.Contains(levels, k.Wire):
		return bronze, have + "; no fuzz target for what it decodes"
	case len(provoked[k.Wire]) == 0:
		return silver, have + "; what crosses this wire cannot be recorded"
	}
	if missing := missing(e.tapes, k.Wire); missing != "" {
		return silver, have + ", " + missing
	}
	return gold, have
}

// enough is the least number of answers that a driver is tested with above bronze: the
// part in order, out of range, and at fault.
const enough = 3

// realPart says what is known of a real part.
func (e evidence) realPart(w drivers.Wire) (known, why string) {
	var real []*tape.Tape
	for _, t := range e.tapes {
		if ofPart(t) {
			real = append(real, t)
		}
	}
	have := fmt.Sprintf("%d tapes of a real part", len(real))
	for _, s := range e.field {
		if s.Seen.Sub(s.Since.Time) >= months {
			return inField, fmt.Sprintf("%s, in the field since %s: %s (%s)", have, s.Since.Format(time.DateOnly), s.Where, s.Who)
		}
	}
	if len(provoked[w]) == 0 {
		return notYet, have
	}
	if missing := missing(real, w); missing != "" {
		return notYet, have + ", " + missing
	}
	return recorded, have
}

// missing says what tapes of a part on wire w do not show: a sample that went well, and
// each of the wire's faults. Empty: nothing is missing.
func missing(tapes []*tape.Tape, w drivers.Wire) string {
	shown, good := map[string]bool{}, false
	for _, t := range tapes {
		for _, x := range t.Entries {
			if x.Kind != tape.Outcome {
				continue
			}
			word, fault := strings.CutPrefix(x.Text, "fault ")
			good = good || !fault
			shown[word] = true
		}
	}
	if len(tapes) == 0 {
		return "which are to show a good sample and each fault of the wire"
	}
	if !good {
		return "none of which shows a sample that went well"
	}
	for _, words := range provoked[w] {
		if !slices.ContainsFunc(words, func(word string) bool { return shown[word] }) {
			return "none of which shows the fault " + strings.Join(words, " or ")
		}
	}
	return ""
}

var (
	conformanceRE = regexp.MustCompile(`Conformance:\s+(bronze|silver|gold)\b`)
	realPartRE    = regexp.MustCompile(`On\s+a\s+real\s+part:\s+(not\s+yet|recorded|in\s+the\s+field)\b`)
)

// claims says whether a driver's page says of itself what is true.
func claims(k drivers.Kind, level, known string) error {
	m, n := conformanceRE.FindStringSubmatch(k.Readme), realPartRE.FindStringSubmatch(k.Readme)
	switch {
	case m == nil || n == nil:
		return fmt.Errorf("README.md does not say how well it is known; write \"Conformance: %s. On a real part: %s.\"", level, known)
	case m[1] != level:
		return fmt.Errorf("README.md says \"Conformance: %s\"; what its folder holds is worth %s", m[1], level)
	case strings.Join(strings.Fields(n[1]), " ") != known:
		return fmt.Errorf("README.md says \"On a real part: %s\"; what its folder holds says: %s", n[1], known)
	}
	return nil
}
