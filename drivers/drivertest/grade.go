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

// The grades, from the least that is known to the most.
const (
	bronze = "bronze"
	silver = "silver"
	gold   = "gold"
)

// evidence is what a driver's folder holds for its grade.
type evidence struct {
	frames int          // golden frames
	tapes  []*tape.Tape // all of them, also made-up ones
	field  []stay
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

// months is the least time in the field for gold.
const months = 90 * 24 * time.Hour

// gather reads what testdata below dir holds.
func gather(dir string) (e evidence, err error) {
	frames, err := filepath.Glob(filepath.Join(dir, "testdata", "*.frame"))
	if err != nil {
		return e, err
	}
	e.frames = len(frames)
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

// provoked are the faults that the tapes of real parts must show for silver, each one
// of several words. What hangs on HTTP cannot be recorded.
var provoked = map[drivers.Wire][][]string{
	drivers.SerialLine:    {{"timeout"}, {"checksum", "protocol"}, {"unplugged"}},
	drivers.ModbusUnit:    {{"timeout"}, {"checksum", "protocol", "exception"}, {"unplugged"}},
	drivers.I2CDevice:     {{"timeout"}},
	drivers.InputLine:     {{"unplugged", "busy"}},
	drivers.PulseLine:     {{"unplugged", "busy"}},
	drivers.OneWireDevice: {{"timeout", "unplugged"}},
	drivers.SDI12Sensor:   {{"timeout"}, {"checksum", "protocol"}},
	drivers.ChildProcess:  {{"timeout"}, {"unplugged"}},
}

// grade says how much is known, and why not more.
func (e evidence) grade(w drivers.Wire) (grade, why string) {
	shown, recorded := map[string]bool{}, 0
	for _, t := range e.tapes {
		if !ofPart(t) {
			continue
		}
		recorded++
		for _, x := range t.Entries {
			if word, ok := strings.CutPrefix(x.Text, "fault "); ok && x.Kind == tape.Outcome {
				shown[word] = true
			}
		}
	}
	have := fmt.Sprintf("%d golden frames, %d tapes of a real part", e.frames, recorded)
	if recorded == 0 {
		return bronze, have
	}
	for _, words := range provoked[w] {
		if !slices.ContainsFunc(words, func(word string) bool { return shown[word] }) {
			return bronze, have + ", none of which shows the fault " + strings.Join(words, " or ")
		}
	}
	if len(provoked[w]) == 0 {
		return bronze, have
	}
	for _, s := range e.field {
		if s.Seen.Sub(s.Since.Time) >= months {
			return gold, fmt.Sprintf("%s, in the field since %s: %s (%s)", have, s.Since.Format(time.DateOnly), s.Where, s.Who)
		}
	}
	return silver, have
}

var gradeRE = regexp.MustCompile(`Grade:\s+(\w+)`)

// claims says whether a driver's page has the grade that it may have.
func claims(k drivers.Kind, grade string) error {
	m := gradeRE.FindStringSubmatch(k.Readme)
	switch {
	case m == nil:
		return fmt.Errorf("README.md does not say its grade; write \"Grade: %s.\"", grade)
	case m[1] != grade:
		return fmt.Errorf("README.md says \"Grade: %s\"; what its folder holds is worth %s", m[1], grade)
	}
	return nil
}
