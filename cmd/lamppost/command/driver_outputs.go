package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// pagesOf are all drivers as they are shown: those that measure, and those of outputs,
// whose wire is then the word output.
func pagesOf(kinds []drivers.Kind) []drivers.Kind {
	all := slices.Clone(kinds)
	for _, o := range catalog.Outputs() {
		all = append(all, drivers.Kind{Name: o.Name, Wire: drivers.OutputLine, Readme: o.Readme, Sample: o.Sample})
	}
	slices.SortFunc(all, func(a, b drivers.Kind) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// outputRows are the rows of docs/drivers.md for what is switched.
func outputRows(lang string) string {
	var b strings.Builder
	b.WriteString(pick(lang, outputsHead, outputsHeadZh))
	for _, o := range catalog.Outputs() {
		k := drivers.Kind{Name: o.Name, Readme: o.Readme}
		fmt.Fprintf(&b, "| [`%s`](../drivers/%s/README.md) | %s | %s | %s | %s | %s |\n", o.Name, o.Name,
			strings.Join(wiresOf(o), ", "), titleIn(k, lang), conformanceOf(k), realPartOf(k, lang), sourcesOf(k))
	}
	return b.String()
}

// wiresOf are the wires of the outputs in a driver's sample.
func wiresOf(o drivers.OutputKind) (wires []string) {
	doc, err := yamldoc.Parse(o.Name, []byte(o.Sample))
	if err != nil {
		return nil // the conformance kit tests the sample
	}
	for _, id := range doc.Node("outputs").Keys() {
		p, err := o.Plan(func(options any) error { return doc.Node("outputs", id).DecodeBeside(options, ownersKeys...) })
		if err == nil && !slices.Contains(wires, string(p.Wire)) {
			wires = append(wires, string(p.Wire))
		}
	}
	return wires
}

// ownersKeys are the keys of an output that its driver leaves to its owner.
var ownersKeys = []string{"bus", "address", "timeout", "max_on", "min_off", "per_hour", "interlock", "feedback", "feedback_within", "resume", "name"}

const (
	outputsHead = `
## What is switched

A driver of outputs measures nothing: it switches, and asks the hardware for its state. The conformance kit tests it with hardware that
is silent, refuses, fails, sticks, is in a wrong state or is pulled out while it is told, and its tapes show each of its wires.

| driver | wires | what | conformance | on a real part | sources |
| --- | --- | --- | --- | --- | --- |
`
	outputsHeadZh = `
## 可控制的输出

输出驱动不测量，只负责开关并向硬件询问状态。一致性测试用无应答、拒绝、出错、卡住、状态不符以及在操作过程中被拔出的硬件检验它；录制的通信覆盖其每种线路。

| 驱动 | 线路 | 说明 | 一致性 | 实物 | 资料来源 |
| --- | --- | --- | --- | --- | --- |
`
)
