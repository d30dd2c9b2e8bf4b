package process

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const someOptions = `
command: [/bin/true]
channels:
  temp: {min: -40, max: 85, resolution: 0.1}
  rh: {min: 0, max: 100, resolution: 0.1}
`

// says is a program that answers each question with a text in which %d is its id.
func says(text string) func([]byte) [][]byte {
	return func(q []byte) [][]byte {
		var k struct{ ID uint64 }
		if err := json.Unmarshal(q, &k); err != nil {
			panic(err)
		}
		late := fmt.Sprintf(`{"id":%d,"readings":{"temp":1,"rh":1}}`, k.ID-1) // to an earlier question
		return [][]byte{[]byte(late), fmt.Appendf(nil, text, k.ID)}
	}
}

func part(text, want, fault string) drivertest.Part {
	return drivertest.Part{Name: text, Source: "constructed", Options: someOptions, Child: says(text), Want: want, WantFault: fault}
}

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind:   Kind(),
		Good:   part(`{"id":%d,"readings":{"temp":21.4,"rh":48}}`, "temp=21.4 rh=48", ""),
		Beyond: part(`{"id":%d,"readings":{"temp":85.1,"rh":48}}`, "temp=85.1/fail/range rh=48", ""),
	})
}

// sampled plans a device, lets a program answer it once, and writes the readings as
// the kit does.
func sampled(t *testing.T, options, text string) (string, error) {
	t.Helper()
	pl, err := plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte(options))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
	if err != nil {
		return "", err
	}
	d, err := pl.OpenProcess(&drivertest.Process{Child: says(text)})
	if err != nil {
		return "", err
	}
	rs, err := d.Sample(t.Context())
	var words []string
	for i, r := range rs {
		word := pl.Channels[i].Name + "=none/" + string(r.Quality.Why)
		if r.Quality.Flag != obs.Missing {
			word = fmt.Sprintf("%s=%v", pl.Channels[i].Name, r.Value)
			if r.Quality.Flag != obs.NotEvaluated {
				word += fmt.Sprintf("/%v/%s", r.Quality.Flag, r.Quality.Why)
			}
		}
		words = append(words, word)
	}
	return strings.Join(words, " "), err
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{"id":1,"readings":{"temp":21.4}}`, "temp=21.4 rh=none/instrument"},
		{`{"id":1,"readings":{"temp":21.4,"rh":null,"co2":400}}`, "temp=21.4 rh=none/instrument"},
		{`{"id":1,"readings":{"temp":"warm-up","rh":{"v":48,"flag":"suspect","why":"maintenance"}}}`, "temp=none/warm-up rh=48/suspect/maintenance"},
		{`{"id":1,"readings":{"temp":{"v":90,"flag":"suspect","why":"stale"},"rh":{"v":1}}}`, "temp=90/fail/range rh=1"},
		{`{"id":1,"readings":{},"more":[1,2]}`, "temp=none/instrument rh=none/instrument"},
	} {
		got, err := sampled(t, someOptions, strings.Replace(c.text, `"id":1`, `"id":%d`, 1))
		if err != nil || got != c.want {
			t.Errorf("%s reads %s, %v, want %s", c.text, got, err, c.want)
		}
	}
}

func TestReportedFaults(t *testing.T) {
	for word := range faults {
		_, err := sampled(t, someOptions, `{"id":%d,"fault":"`+word+`","text":"says the part"}`)
		if drivers.FaultWord(err) != word || !strings.Contains(err.Error(), "says the part") {
			t.Errorf("fault %s becomes %v", word, err)
		}
	}
}

func TestBadAnswers(t *testing.T) {
	for text, want := range map[string]string{
		``:                                   "is no answer",
		`hello`:                              "is no answer",
		`{"readings":{}}`:                    "no id",
		`{"id":1}`:                           "either readings or a fault",
		`{"id":1,"readings":{},"fault":"x"}`: "either readings or a fault",
		`{"id":1,"fault":"broken"}`:          `there is no fault "broken"`,
		`{"id":1,"readings":{"temp":"hot"}}`: `"temp": there is no reason "hot"`,
		`{"id":1,"readings":{"temp":[1]}}`:   "neither a number nor null",
		`{"id":1,"readings":{"temp":{"v":1,"flag":"bad","why":"range"}}}`: `no flag "bad"`,
		`{"id":1,"readings":{"temp":{"v":1,"flag":"fail"}}}`:              "go together",
		`{"id":1,"readings":{"temp":{"flag":"fail","why":"range"}}}`:      "no v",
		`{"id":1,"readings":{"temp":1e999}}`:                              "cannot unmarshal",
		`{"id":-1,"readings":{}}`:                                         "cannot unmarshal",
	} {
		if a, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parse(%s) = %+v, %v, want %q", text, a, err, want)
		}
	}
}

// FuzzParse: what is accepted has an id, and either a fault that has a word or
// readings that are numbers or say why not.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"id":1,"readings":{"temp":21.4,"rh":null,"co2":"warm-up","pm2_5":{"v":35,"flag":"suspect","why":"maintenance"}}}`))
	f.Add([]byte(`{"id":17,"fault":"timeout","text":"x"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		a, err := Parse(line)
		if err != nil {
			if len(err.Error()) > 1000+len(line) {
				t.Errorf("an error of %d bytes for a line of %d", len(err.Error()), len(line))
			}
			return
		}
		if (a.Fault != "") == (a.Readings != nil) || a.Fault != "" && drivers.FaultWord(a.failure()) != a.Fault {
			t.Errorf("parse(%q) = %+v", line, a)
		}
		c := drivers.Channel{Name: "temp", Min: -40, Max: 85}
		for name := range a.Readings {
			c.Name = name
			if r := a.reading(c); (r.Value != r.Value) != !r.Quality.Usable() && r.Value >= c.Min && r.Value <= c.Max && r.Quality.Why == "" {
				t.Errorf("%s of %q reads %+v", name, line, r)
			}
		}
	})
}

func TestOptions(t *testing.T) {
	for _, c := range []struct{ options, want string }{
		{"command: [part.py]\nchannels: {temp: {min: 0, max: 1, resolution: 0.1}}\nenv: {A: x}\ncpu: 20%\nmemory: 8MB\nlines: 5", ""},
		{"command: [./part.py]\nchannels: {temp: {min: 0, max: 1, resolution: 0.1}}", "command"},
		{"command: []\nchannels: {temp: {min: 0, max: 1, resolution: 0.1}}", "command"},
		{"command: [x]\nchannels: {}", "channels"},
		{"command: [x]\nchannels: {temp: {min: 1, max: 0, resolution: 0.1}}", "channels.temp"},
		{"command: [x]\nchannels: {temp: {min: 0, max: 1}}", "resolution"},
		{"command: [x]\nchannels: {Temp: {min: 0, max: 1, resolution: 0.1}}", "channels"},
		{"command: [x]\nchannels: {temp: {min: 0, max: 1, resolution: 0.1}}\ncpu: 20", "share of a core"},
		{"command: [x]\nchannels: {temp: {min: 0, max: 1, resolution: 0.1}}\nmemory: 1KB", "memory"},
		{"command: [x]\nchannels: {temp: {min: 0, max: 1, resolution: 0.1}}\ndir: here", "dir"},
	} {
		_, err := sampled(t, c.options, `{"id":%d,"readings":{"temp":1}}`)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s\n: %v, want %q", c.options, err, c.want)
		}
	}
}

// talk runs a program of the examples as the gateway does, with real pipes.
func talk(t *testing.T, questions string, command ...string) []string {
	t.Helper()
	c := exec.CommandContext(t.Context(), command[0], command[1:]...)
	c.Stdin = strings.NewReader(questions)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", command, err, errs.String())
	}
	return strings.Split(strings.TrimSpace(out.String()), "\n")
}

func python(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil && os.Getenv("LAMPPOST_REQUIRE_PARTS") != "" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("there is no python3 here")
	}
	return path
}

func TestExamples(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	missing := filepath.Join(dir, "missing")
	questions := string(Question(7)) + "\n" + `{"v":2,"id":8,"do":"sample","later":true}` + "\n"
	sht, thermal := []string{python(t), "examples/sht31.py"}, []string{"/bin/sh", "examples/thermal.sh"}
	for _, c := range []struct {
		name    string
		command []string
		want    string // of answer 7
	}{
		// BE EF with CRC 92 is the datasheet's example of the checksum.
		{"sht31", append(sht, write("good", []byte{0xBE, 0xEF, 0x92, 0x66, 0x66, 0x93})), `{"id": 7, "readings": {"temp": 85.52, "rh": 40.0}}`},
		{"sht31, wrong CRC", append(sht, write("bad", []byte{0xBE, 0xEF, 0x93, 0x66, 0x66, 0x93})), `"fault": "checksum"`},
		{"sht31, nothing", append(sht, write("none", nil)), `"fault": "timeout"`},
		{"sht31, unplugged", append(sht, missing), `"fault": "unplugged"`},
		{"thermal", append(thermal, write("zone", []byte("48312\n"))), `{"id":7,"readings":{"temp":48.312}}`},
		{"thermal, below zero", append(thermal, write("frost", []byte("-5008\n"))), `{"id":7,"readings":{"temp":-5.008}}`},
		{"thermal, unplugged", append(thermal, missing), `"fault":"unplugged"`},
	} {
		answers := talk(t, questions, c.command...)
		if len(answers) != 2 || !strings.Contains(answers[0], c.want) {
			t.Errorf("%s: %q, want %s", c.name, answers, c.want)
			continue
		}
		for i, line := range answers {
			if a, err := Parse([]byte(line)); err != nil || a.ID != uint64(7+i) {
				t.Errorf("%s: %s: %v", c.name, line, err)
			}
		}
	}
}

// A program that talks rubbish and is ended for it, since it answers nothing, has the
// same fault while it waits for its next start.
func TestRubbishIsRemembered(t *testing.T) {
	pl, err := plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte(someOptions))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
	if err != nil {
		t.Fatal(err)
	}
	child := &drivertest.Process{Before: [][]byte{[]byte("Traceback")}}
	d, err := pl.OpenProcess(child)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		_, err = d.Sample(ctx)
		cancel()
		if drivers.FaultWord(err) != "protocol" || !strings.Contains(err.Error(), `"Traceback" is no answer`) {
			t.Errorf("Sample = %v", err)
		}
		child.Before = nil
	}
	child.Child = says(`{"id":%d,"readings":{"temp":1}}`)
	if _, err := d.Sample(t.Context()); err != nil {
		t.Errorf("Sample = %v", err)
	}
	child.Child = nil
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := d.Sample(ctx); drivers.FaultWord(err) != "timeout" {
		t.Errorf("silence after a good answer is %v", err)
	}
}
