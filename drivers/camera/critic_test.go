package camera

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// keysOf are the options that an error finds fault with, in order.
func keysOf(err error) (keys []string) {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			keys = append(keys, keysOf(e)...)
		}
		return keys
	}
	var o *drivers.OptionError
	if errors.As(err, &o) {
		keys = append(keys, o.Key)
	}
	return keys
}

// All that is wrong with a camera is told at once, each mistake once, and what it needs
// beside it.
func TestEveryMistakeAtOnce(t *testing.T) {
	for _, c := range []struct {
		options string
		keys    []string
		needs   []string
		every   time.Duration
	}{
		{"{url: 'http://me:pw@cam:99999/', username: x, size: banana, decoder: [x], masks: [[[0, 0], [1, 0]], [[0]]], zones: {a: [[0, 0], [2, 0], [1, 1]], b: [[0]]}, " +
			"zone_least: {a: 0.9, c: 1}, measure: [fog], fire_areas: [[[0, 0]]], staff: {marks: [[0.1, 0.1, 1], [0.1, 0.1, 1]], width: 0.1, lowest: 3, highest: 2}, " +
			"detector: {program: [/opt/see], find: {person: 2}, in: d}}",
			[]string{"decoder", "detector.find.person", "detector.in", "fire_areas", "fire_areas", "masks", "masks", "measure", "size", "staff.lowest", "staff.marks",
				"url", "url", "username", "zone_least.a", "zone_least.c", "zone_least.c", "zones.a", "zones.b"}, []string{"/opt/see"}, time.Second},
		{"{url: nowhere, password_file: pw, size: banana, detector: {program: [see], find: {}}}", []string{"detector.find", "password_file", "url"}, []string{"pw", "see"}, 0},
		{"{url: 'vc0706:/dev/x', baud: 1, size: banana, username: x, password_file: /etc/pw}", []string{"baud", "size", "username"}, []string{"/etc/pw"}, 0},
		{"{url: 'hydrocam:/dev/x', baud: 1, size: banana}", []string{"baud", "size"}, nil, 0},
		{"{url: 'v4l2:/dev/video0', size: banana, baud: 9600, detector: {program: [./see], find: {person: 1}}}", []string{"baud", "detector.program", "size"}, nil, time.Second},
	} {
		p, err := planned(t, c.options)
		keys := keysOf(err)
		if slices.Sort(keys); !slices.Equal(keys, c.keys) {
			t.Errorf("%s:\n got %v\nwant %v\n%v", c.options, keys, c.keys, err)
		}
		var needs []string
		for _, n := range p.Needs {
			needs = append(needs, n.Path)
		}
		if !slices.Equal(needs, c.needs) || p.MinEvery != c.every || p.OpenHTTP != nil {
			t.Errorf("%s: it needs %v and %v, want %v and %v", c.options, needs, p.MinEvery, c.needs, c.every)
		}
	}
}

// No mistake hides another of the same key.
func TestMistakesOfOneKey(t *testing.T) {
	for _, c := range []struct {
		options string
		want    []string
	}{
		{"zones: {Yard: [[0, 0], [1.2, 0], [1, 1]]}", []string{"[1.2, 0], is outside", `the name "Yard"`}},
		{"zones: {Yard: [[0]]}", []string{"write each corner as [x, y]", `the name "Yard"`}},
		{"detector: {program: [/opt/see], find: {Person: 2}}", []string{"a score of 2", `the class "Person"`}},
		{"zone_least: {b: 0.9}", []string{`there is no zone "b"`, "0.9; write 0.0005 to 0.5"}},
		{"staff: {marks: [[1.5, 0.1, 20000], [0.1, 2, 1]], width: 0.1, lowest: 5, highest: 4}", []string{"mark 1, [1.5, 0.1], is outside", "mark 1: a level of 20000", "mark 2, [0.1, 2], is outside", "write the lower one first"}},
		{"zone_least: {b: 0.5}", []string{`there is no zone "b"`}},
		{"zone_least: {b: 0}", []string{`there is no zone "b"`, "nothing has no size"}},
	} {
		_, err := planned(t, "{url: 'http://cam/', "+c.options+"}")
		if n := len(keysOf(err)); n != len(c.want) {
			t.Errorf("%s: %d mistakes, want %d: %v", c.options, n, len(c.want), err)
		}
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", c.options, err, want)
			}
		}
	}
}
