package obs

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

func decodeChecks(t *testing.T, text string) (c Checks) {
	t.Helper()
	doc, err := yamldoc.Parse("c.yaml", []byte(text))
	if err == nil {
		err = doc.Decode(&c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The most specific layer wins key by key, and no layer is changed by it.
func TestChecksOver(t *testing.T) {
	metric := decodeChecks(t, "spike: {suspect: 1, fail: 2}\nrate: {suspect: 5}\nclimatology: [{suspect: [0, 1]}]\n")
	profile := decodeChecks(t, "spike: {fail: 3, method: average}\n")
	site := decodeChecks(t, "spike: {suspect: 0}\nrate: {off: true}\nclimatology: [{suspect: [0, 2]}, {suspect: [0, 3]}]\nflat: {suspect: 30m}\n")
	all := site.Over(profile.Over(metric))
	var got []string
	for _, k := range all.Keys() {
		got = append(got, strings.Join(k.Path, ".")+"="+k.Value)
	}
	want := "climatology=suspect [0 2]; suspect [0 3] spike.method=average spike.suspect=0 spike.fail=3 rate.off=true rate.suspect=5 flat.suspect=30m"
	if strings.Join(got, " ") != want {
		t.Errorf("all layers: %s\nwant        %s", strings.Join(got, " "), want)
	}
	if *metric.Spike.Fail != 2 || metric.Spike.Method != "" || profile.Spike.Suspect != nil || site.Spike.Fail != nil || len(metric.Climatology) != 1 {
		t.Errorf("a layer was changed: %+v %+v %+v", metric.Spike, profile.Spike, site.Spike)
	}
}

func TestChecksWrong(t *testing.T) {
	for text, want := range map[string]string{
		"spike: {suspect: 1, fail: 2}":                                                      "",
		"spike: {suspect: 2, fail: 1, off: true}":                                           "",
		"spike: {suspect: 1, fail: 0}":                                                      "", // a threshold of nought is none
		"spike: {suspect: 2, fail: 1}":                                                      "spike.suspect: a value fails at 1",
		"gross: {suspect: [-1, 5], fail: [-2, 6]}":                                          "",
		"gross: {suspect: [3, 1]}":                                                          "gross.suspect: [3 1] is written backwards; write [1, 3]",
		"gross: {suspect: [1, 1]}":                                                          "gross.suspect: [1 1] has no width; write two different ends",
		"gross: {suspect: [1, 3], fail: [4, 0]}":                                            "gross.fail: [4 0] is written backwards; write [0, 4]",
		"climatology: [{suspect: [9, 1]}]":                                                  "climatology.0.suspect: [9 1] is written backwards",
		"spike: {fail: 0}":                                                                  "spike.fail: a threshold of 0 is none, so nothing is tested",
		"rate: {fail: 0}":                                                                   "rate.fail: a threshold of 0 is none",
		"rate: {suspect: 0, fail: 0}":                                                       "rate.fail: a threshold of 0 is none",
		"rate: {fail: 0, off: true}":                                                        "",
		"spike: {method: middle, fail: 1}":                                                  "spike.method: \"middle\" is not known here; write differential or average",
		"attenuated: {window: 1h, suspect: 1, method: x}":                                   "attenuated.method: \"x\" is not known here; write std or range",
		"gross: {suspect: [1]}":                                                             "gross.suspect: a span has two ends",
		"gross: {suspect: [0, 3], fail: [1, 4]}":                                            "gross.suspect: [0 3] reaches beyond [1 4]",
		"flat: {suspect: 49s}":                                                              "flat.suspect: a value that stands for 49s",
		"flat: {suspect: 2h, fail: 1h}":                                                     "flat.suspect: a value fails after 1h",
		"flat: {suspect: 12h, compat: ioos}":                                                "flat.suspect: compat keeps",
		"attenuated: {window: 1h, suspect: 1}":                                              "",
		"attenuated: {window: 1h, suspect: 1, samples: 361}":                                "attenuated.samples: only 360",
		"neighbour: {with: a.level, suspect: 1}":                                            "neighbour: the test does not know how old",
		"multivariate: {with: a.level, suspect: 1, moves: 1, within: 1m}":                   "",
		"climatology: [{months: [11, 2], suspect: [0, 1]}]":                                 "",
		"climatology: [{weekdays: [0, 6], suspect: [0, 1]}]":                                "climatology.0.weekdays: [0 6] is no span",
		"climatology: [{suspect: [0, 1]}, {months: [1, 2], suspect: [0, 2], fail: [0, 1]}]": "climatology.1.suspect: [0 2] reaches beyond",
		"climatology: [{suspect: [0, 1]}, {months: [6, 9], suspect: [0, 2]}, {months: [10, 5], suspect: [0, 1]}]":                                                   "climatology.0: what stands below says it for all of this time",
		"climatology: [{months: [7, 8], suspect: [0, 1]}, {months: [11, 2], suspect: [0, 1]}, {months: [6, 9], suspect: [0, 2]}]":                                   "climatology.0: what stands below",
		"climatology: [{hours: [23, 1], suspect: [0, 1]}, {hours: [22, 0], suspect: [0, 1]}]":                                                                       "",
		"climatology: [{hours: [23, 1], suspect: [0, 1]}, {hours: [0, 23], suspect: [0, 1]}]":                                                                       "climatology.0: what stands below",
		"climatology: [{hours: [23, 1], suspect: [0, 1]}, {weekdays: [1, 7], suspect: [0, 1]}, {hours: [5, 6], suspect: [0, 1]}]":                                   "climatology.0: what stands below",
		"climatology: [{hours: [23, 1], suspect: [0, 1]}, {suspect: [0, 1]}, {hours: [5, 6], suspect: [0, 1]}]":                                                     "climatology.0: what stands below",
		"climatology: [{hours: [5, 6], suspect: [0, 1]}, {weekdays: [1, 5], suspect: [0, 1]}, {months: [1, 6], suspect: [0, 1]}, {hours: [4, 5], suspect: [0, 1]}]": "",
		"location: {}":     "location: the test has no distance",
		"gap: {fail: 10s}": "gap.fail: every value comes 10s",
	} {
		var got []string
		for _, e := range decodeChecks(t, text).Wrong(10 * time.Second) {
			got = append(got, fmt.Sprintf("%s: %s", strings.Join(e.Path, "."), e.Msg))
		}
		if all := strings.Join(got, " | "); (want == "") != (all == "") || !strings.HasPrefix(all, want) {
			t.Errorf("%s: %q, want %q", text, all, want)
		}
	}
}

// A metric's checks are judged where they stand.
func TestCatalogChecks(t *testing.T) {
	src := "metrics:\n  level: {unit: m, text: m, min: 0, max: 1, decimals: 0, label: {zh: a, en: b}, checks: {spike: {suspect: 2, fail: 1}}}\n"
	_, err := ParseCatalog("m.yaml", []byte(src))
	var ps yamldoc.Problems
	if !errors.As(err, &ps) || !strings.Contains(err.Error(), "E1907") || ps[0].Line != 2 {
		t.Errorf("ParseCatalog gives %v, want E1907 in line 2", err)
	}
	good := strings.Replace(src, "fail: 1", "fail: 3", 1)
	c, err := ParseCatalog("m.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if m, _ := c.Lookup("level"); m.Checks == nil || *m.Checks.Spike.Fail != 3 {
		t.Errorf("the metric has %+v", m.Checks)
	}
}
