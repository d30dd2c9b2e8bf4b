package lifecycle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lamppost-city/lamppost/cloud/view"
)

// need is something that a command must carry.
type need struct {
	field string
	text  view.Text
	ok    func(Command) bool
}

// said says whether there is anything to read in a text: spaces, signs without a shape and
// combining marks alone are nothing.
func said(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && !blank(r) })
}

// blank are letters and symbols that no font draws: the Hangul fillers and the blank of Braille.
func blank(r rune) bool { return strings.ContainsRune("\u115f\u1160\u3164\uffa0\u2800", r) }

var (
	needsOpening = need{"opening", view.Text{Zh: "请写明编号、来源、事项、区域和级别", En: "an id, a source, a kind, an area and a severity are needed"},
		func(c Command) bool {
			o := c.Opening
			return o != nil && said(o.ID) && said(o.Kind) && said(o.Area) && o.Severity.Validate() == nil &&
				slices.Contains([]string{"alert", "person", "hotline"}, o.Source)
		}}
	needsWhy    = need{"why", view.Text{Zh: "请写明理由", En: "a reason is needed"}, func(c Command) bool { return said(c.Why) }}
	needsOrders = need{"orders", view.Text{Zh: "请写明部门或人员以及要求", En: "a department or a person, and what is to be done, are needed"},
		func(c Command) bool { return len(c.Orders) > 0 && !slices.ContainsFunc(c.Orders, badOrder) }}
	needsOneOrder = need{"orders", view.Text{Zh: "请写明一个新的部门或人员以及要求", En: "one other department or person, and what is to be done, is needed"},
		func(c Command) bool { return len(c.Orders) == 1 && !badOrder(c.Orders[0]) }}
	needsTask   = need{"task", view.Text{Zh: "请写明任务编号", En: "the number of a task is needed"}, func(c Command) bool { return c.Task > 0 }}
	needsDone   = need{"done", view.Text{Zh: "请写明做了什么", En: "what was done is needed"}, func(c Command) bool { return said(c.Done) }}
	needsResult = need{"result", view.Text{Zh: "结果须为 done、partly、nothing_found 或 impossible", En: "the result must be done, partly, nothing_found or impossible"},
		func(c Command) bool { return slices.Contains(results, c.Result) }}
	needsDismissal = need{"resolution", view.Text{Zh: "结论须为 false_alarm、duplicate（并写明 parent）、planned_work 或 test",
		En: "the resolution must be false_alarm, duplicate (with parent), planned_work or test"},
		func(c Command) bool {
			return slices.Contains(dismissals, c.Resolution) && (c.Resolution != Duplicate || said(c.Parent))
		}}
	needsResolution = need{"resolution", view.Text{Zh: "结论须为 fixed、no_fault_found、self_recovered 或 false_alarm",
		En: "the resolution must be fixed, no_fault_found, self_recovered or false_alarm"},
		func(c Command) bool { return slices.Contains(closings, c.Resolution) }}
	needsAnswer = need{"answer", view.Text{Zh: "请写明答复：没有答复不能办结", En: "an answer is needed: no case closes without one"},
		func(c Command) bool { return said(c.Answer) }}
	needsUntil    = need{"until", view.Text{Zh: "请写明截止时间", En: "an end is needed"}, func(c Command) bool { return c.Until > 0 }}
	needsParent   = need{"parent", view.Text{Zh: "请写明主案件", En: "the cause's case is needed"}, func(c Command) bool { return said(c.Parent) }}
	needsSeverity = need{"severity", view.Text{Zh: "级别须为 red、orange、yellow 或 blue", En: "the severity must be red, orange, yellow or blue"},
		func(c Command) bool { return c.Severity.Validate() == nil }}
	needsReport = need{"report", view.Text{Zh: "请写明诉求编号和内容", En: "the report's number and its text are needed"},
		func(c Command) bool { return c.Report != nil && said(c.Report.ID) && said(c.Report.Text) }}
	needsVerdict = need{"false_alarm", view.Text{Zh: "请写明是否误报：true 或 false", En: "true or false is needed"},
		func(c Command) bool { return c.FalseAlarm != nil }}
)

func badOrder(o Order) bool {
	return !said(o.Department) && !said(o.Person) || !said(o.Instruction) || o.Due < 0
}

// fields are what a command says, by name: texts, which may have several lines, and words.
func (c Command) fields() (texts, words map[string]string) {
	texts = map[string]string{"why": c.Why, "done": c.Done, "answer": c.Answer}
	words = map[string]string{"action": string(c.Action), "severity": string(c.Severity), "result": string(c.Result),
		"resolution": string(c.Resolution), "parent": c.Parent, "timer": c.Timer}
	if o := c.Opening; o != nil {
		texts["opening.text"] = o.Text
		for k, v := range map[string]string{"id": o.ID, "source": o.Source, "kind": o.Kind, "category": o.Category, "area": o.Area,
			"severity": string(o.Severity), "gateway": o.Gateway, "device": o.Device, "rule": o.Rule, "recurrence_of": o.RecurrenceOf, "parent": o.Parent} {
			words["opening."+k] = v
		}
	}
	if c.Report != nil {
		words["report.id"], texts["report.text"] = c.Report.ID, c.Report.Text
	}
	for i, o := range c.Orders[:min(len(c.Orders), maxOrders)] {
		at := fmt.Sprintf("orders.%d.", i)
		words[at+"department"], words[at+"person"], texts[at+"instruction"] = o.Department, o.Person, o.Instruction
	}
	for i, p := range c.Pictures[:min(len(c.Pictures), maxImages)] {
		words[fmt.Sprintf("pictures.%d", i)] = p
	}
	return texts, words
}

// tooLong returns a *view.FieldError for the first field that is longer than it may be, is
// no text, or holds control characters; else nil.
func (c Command) tooLong() error {
	if len(c.Orders) > maxOrders || len(c.Pictures) > maxImages {
		return &view.FieldError{Field: "orders", Text: view.Text{
			Zh: fmt.Sprintf("一次至多 %d 个任务、%d 张图片", maxOrders, maxImages), En: fmt.Sprintf("at most %d tasks and %d pictures at a time", maxOrders, maxImages)}}
	}
	return firstBad(c.fields())
}

// turned returns a *view.FieldError for the first field with a character that turns the
// writing around, and so could make one text look like another; else nil. Journals of older
// versions may have them, and stay readable.
func (c Command) turned() error {
	texts, words := c.fields()
	maps.Copy(texts, words)
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if strings.ContainsFunc(texts[name], func(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }) {
			return &view.FieldError{Field: name, Text: view.Text{Zh: "不得含改变书写方向的字符", En: "write it without characters that turn the writing around"}}
		}
	}
	return nil
}

// firstBad judges texts and words, by name.
func firstBad(texts, words map[string]string) error {
	bad := map[string]int{}
	for name, s := range texts {
		if !plain(s, maxText, "\n\t") {
			bad[name] = maxText
		}
	}
	for name, s := range words {
		if !plain(s, maxWord, "") {
			bad[name] = maxWord
		}
	}
	first := ""
	for name := range bad {
		if first == "" || name < first {
			first = name
		}
	}
	if first == "" {
		return nil
	}
	return &view.FieldError{Field: first, Text: view.Text{
		Zh: fmt.Sprintf("至多 %d 字节，UTF-8，不含控制字符", bad[first]), En: fmt.Sprintf("at most %d bytes of UTF-8 without control characters", bad[first])}}
}

// plain says whether a text is one: UTF-8, not too long, no control characters but these.
func plain(s string, most int, but string) bool {
	return len(s) <= most && utf8.ValidString(s) &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune(but, r) })
}
