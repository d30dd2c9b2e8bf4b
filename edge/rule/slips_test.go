package rule

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// metres has units, so that errors can say which.
var metres = Streams{level: {Every: time10s, Min: 0, Max: 40, Unit: "m"}, {Device: "hut", Channel: "rh"}: {Every: time10s, Max: 100, Unit: "%"}, {Device: "river-2", Channel: "level"}: {Every: time10s, Max: 40, Unit: "m"}}

const time10s = 10_000_000_000

// What people write by mistake is found where it stands, with what to write instead.
func TestSlips(t *testing.T) {
	for _, c := range []struct{ text, id, msg, hint string }{
		{"river.level «＞» 3", "E3101", "rules are written in ASCII, not with ＞", "paste this: river.level > 3"},
		{"avg«（»river.level， 5m） ＞ 3", "E3101", "rules are written in ASCII, not with （ ， ） ＞", "paste this: avg(river.level, 5m) > 3"},
		{"river.level «≥» 3 且 river.level ＜＝ 4", "E3101", "rules are written in ASCII, not with ≥ 且 ＜ ＝", "paste this: river.level >= 3 and river.level <= 4"},
		{"river.level «大于等于» 3", "E3101", "rules are written in ASCII, not with 大于等于", "paste this: river.level >= 3"},
		{"river.level > «３»．５", "E3101", "rules are written in ASCII, not with ３ ． ５", "paste this: river.level > 3.5"},
		{"river«。»level > 3", "E3101", "rules are written in ASCII, not with 。", "paste this: river.level > 3"},
		{"river.level >«　»3", "E3101", "rules are written in ASCII, not with wide blanks", "paste this: river.level > 3"},
		{"river.level «＝» 3", "E3101", "rules are written in ASCII, not with ＝", "paste this: river.level == 3"},
		{"river.level «！»＝ 3", "E3101", "rules are written in ASCII, not with ！ ＝", "paste this: river.level != 3"},
		{"river.level «−» 1 > 3", "E3101", "rules are written in ASCII, not with −", "paste this: river.level - 1 > 3"},
		{"river.level > 3 «AND» river.level < 4", "E3101", `rules have no "AND"`, "write and"},
		{"river.level > 3 «Or» river.level < 1", "E3101", `rules have no "Or"`, "write or"},
		{"«NOT» (river.level > 3)", "E3101", `rules have no "NOT"`, "write not"},
		{"river.level «is» 3", "E3101", `rules have no "is"`, "write =="},
		{"river.level «above» 3", "E3101", `rules have no "above"`, "write >"},
		{"river.level «between» 3 and 4", "E3108", `rules have no "between"`, "write 1 < device.channel < 3"},
		{"«let» x = river.level; x > 3", "E3108", `rules have no "let"`, "write the value itself in each place, or make a stream of it under derived:"},
		{"«if» river.level > 3 then 1", "E3108", `rules have no "if"`, "write the condition alone"},
		{"river.level > 3 «for» 5m", "E3108", `rules have no "for"`, "how long it must last stands beside the condition: for: 2m"},
		{"river.level «=>» 3", "E3101", "=> is no operator of a rule", "write >="},
		{"river.level «<>» 3", "E3101", "<> is no operator of a rule", "write !="},
		{"river.level > 3 «&» river.level < 4", "E3101", "& is no operator of a rule", "write and"},
		{"river.level > 3 «m»", "E3101", `"m" stands behind a number`, "write 3: river.level is in m"},
		{"river.level > 3 «metres» and hut.rh > 4", "E3101", `"metres" stands behind a number`, "write 3: river.level is in m"},
		{"«river.level > 3m»", "E3114", "m and s do not go together", "write 3: the number is in m, and 3m is a time"},
		{"«3m < river.level»", "E3114", "s and m do not go together", "write 3: the number is in m, and 3m is a time"},
		{"«river.level > 5s»", "E3114", "m and s do not go together", "write a number of m, or how long something lasts, like stale(device.channel) > 5m"},
		{"river.level > «3cm»", "E3104", `"3cm" is neither a number nor a duration`, "write the number in m, as river.level is, and no unit"},
		{"river.level «??» 3 > 2", "E3108", "rules have no ??", "leave it out: what is not known neither raises nor ends an alert"},
		{"river.level > 300 «cm»", "E3101", `"cm" stands behind a number`, "write the number in m, as river.level is, and no unit"},
		{"«3cm» < river.level", "E3104", `"3cm" is neither a number nor a duration`, "write a number without a unit, in the unit that the stream has"},
		{"hut.rh > 85«%»", "E3101", "% is the remainder of a division, and here nothing stands behind it", "write 85: hut.rh is in %"},
		{"hut.rh > 85 «%» and river.level > 3", "E3101", "% is the remainder of a division, and here nothing stands behind it", "write 85: hut.rh is in %"},
		{"river.level > 3«℃»", "E3101", "no rule has a '℃'", "write the number in m, as river.level is, and no unit"},
		{"river.level > «2x60000000»", "E3104", `"2x60000000" is neither a number nor a duration`, "write 2 * 60000000"},
		{"river.level > «2X3»", "E3104", `"2X3" is neither a number nor a duration`, "write 2 * 3"},
		{"river.level > «3m50»", "E3104", `"3m50" is neither a number nor a duration`, "write 3.50 if these are metres, or 3m50s if it is a time"},
		{"river.level > «“»3”", "E3101", "rules are written in ASCII, not with “ ”", "paste this: river.level > 3"},
		{"avg(river.level, «‘»10m’) > 3", "E3101", "rules are written in ASCII, not with ‘ ’", "paste this: avg(river.level, 10m) > 3"},
		{"river.level > «3m3x»", "E3104", `"3m3x" is neither a number nor a duration`, "write 3m (units: ms s m h d)"},
		{"river.level > 3«,»5", "E3101", ", does not fit here", "a decimal has a point: write 3.5"},
		{"river.level > 3«,» 5", "E3101", ", does not fit here", "a comma stands between the arguments of a function only"},
		{"«river»['level'] > 3", "E3102", "river is a device, not a value", "write river.level"},
		{"«river.level[0»] > 3", "E3108", "rules have no part of a value here", "write device.channel alone"},
		{"river.level > 3«;» river.level < 4", "E3108", "rules have no ; here", "write and or or between two conditions, or make two rules"},
		{"«(»river.level > 3", "E3101", "this bracket is never closed", "write ) where it ends"},
		{"«(»river.level > 3 and (river.level < 4)", "E3101", "this bracket is never closed", "write ) where it ends"},
		{"avg«(»river.level, 10m > 3", "E3101", "this bracket is never closed", "write ) where it ends"},
		{"(avg«(»river.level, 10m > 3", "E3101", "this bracket is never closed", "write ) where it ends"},
		{"(river.level > 3) «)» and river.level < 4", "E3101", "this bracket closes nothing", "delete it, or open it before"},
		{"river.level > 3 «and»", "E3101", "the expression ends too early", "write what belongs behind and"},
		{"river.level > 3 and «and» river.level < 4", "E3101", "and does not fit here", "write and, or, or an operator before it"},
		{"river.level > 3 «#»", "E3101", "# does not fit here", "delete it: remarks stand outside of the quotes"},
		{"river.level > 3 «@»", "E3101", "no rule has a '@'", "write numbers, device.channel, + - * / < > == and or not, and round brackets"},
		{"river.level > «\"»3", "E3101", "this quote is never closed", "delete it: a rule needs none"},
	} {
		text := strings.NewReplacer("«", "", "»", "").Replace(c.text)
		_, errs := Compile(Spec{ID: "r", When: text}, metres)
		if len(errs) != 1 {
			t.Errorf("%s: %v, want one error", c.text, errs)
			continue
		}
		e := errs[0]
		if diff := cmp.Diff([]string{c.id, c.msg, c.hint}, []string{e.ID, e.Msg, e.Hint}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.text, diff)
		}
		from, to := min(e.Offset, len(text)), min(e.Offset+e.Length, len(text))
		if marked := text[:from] + "«" + text[from:to] + "»" + text[to:]; strings.Contains(c.text, "«") && marked != c.text {
			t.Errorf("%s: marked %s", c.text, marked)
		}
	}
}

// What is put in place of slips reads as it should: the text to paste compiles.
func TestPastedTextCompiles(t *testing.T) {
	for _, text := range []string{"river.level ＞ 3", "avg（river.level，10m）≥3　且　river.level≠４", "river.level 超过 3 或者 river.level 小于 １．５", "非（river.level＞3）", "river－2．level＞3", "river.level ＞ 3 AND river.level <> 4", "1 ≤ river.level ＜＝ 3"} {
		_, errs := Compile(Spec{ID: "r", When: text}, metres)
		if len(errs) == 0 || !strings.HasPrefix(errs[0].Hint, "paste this: ") {
			t.Errorf("%s: %v", text, errs)
			continue
		}
		pasted := strings.TrimPrefix(errs[0].Hint, "paste this: ")
		r, errs := Compile(Spec{ID: "r", When: pasted}, metres)
		if len(errs) > 0 {
			t.Errorf("%s, pasted as %s: %v", text, pasted, errs)
		} else if len(r.Streams()) != 1 {
			t.Errorf("%s reads %v", pasted, r.Streams())
		}
	}
}

// What else is wrong is told at once, at its place in what was written.
func TestSlipsHideNothing(t *testing.T) {
	text := "rivr.level ＞ 3 AND averge(river.level，5m） ＞ 3"
	_, errs := Compile(Spec{ID: "r", When: text}, metres)
	var got []string
	for _, e := range errs {
		got = append(got, e.ID+" "+text[e.Offset:e.Offset+e.Length])
	}
	want := []string{"E3101 ＞", "E3102 rivr", "E3101 AND", "E3103 averge"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A stream keeps its name, whatever it is called.
func TestNamesAreNoSlips(t *testing.T) {
	known := Streams{}
	for word := range slips {
		known[obs.Stream{Device: word, Channel: "level"}] = Stream{Every: time10s}
	}
	for word := range slips {
		if _, errs := Compile(Spec{When: word + ".level > 3"}, known); len(errs) > 0 {
			t.Errorf("%s: %v", word, errs[0])
		}
	}
}
