package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// write compares the page with the table of what was said.
func (b *booth) write(path, lang string) {
	b.t.Helper()
	text := b.table(lang)
	if os.Getenv("UPDATE_GOLDEN") != "" && !b.t.Failed() {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
	was, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	if diff := cmp.Diff(string(was), text); diff != "" {
		b.t.Errorf("%s is not what the gateway said (-page +gateway); run this test with UPDATE_GOLDEN=1:\n%s", path, diff)
	}
}

func (b *booth) table(lang string) string {
	var rows strings.Builder
	var notes []string
	for _, driver := range slices.Sorted(keysOf(plays)) {
		fmt.Fprintf(&rows, "| [`%s`](../drivers/%s/README.md) |", driver, strings.ReplaceAll(driver, "-", ""))
		for _, state := range states[1:] {
			cell := ""
			if why := plays[driver].never[state]; why != "" {
				note := neverWords[why][lang]
				if !slices.Contains(notes, note) {
					notes = append(notes, note)
				}
				cell = fmt.Sprintf("— (%d)", slices.Index(notes, note)+1)
			}
			for _, a := range b.acts {
				if a.driver == driver && a.state == state {
					cell = strings.Replace("`"+a.said+"`", "`fault ", map[string]string{"en": "fault `", "zh": "故障 `"}[lang], 1)
				}
			}
			rows.WriteString(" " + cell + " |")
		}
		rows.WriteString("\n")
	}
	text := toldHead[lang] + rows.String() + "\n"
	for i, n := range notes {
		text += fmt.Sprintf("%d. %s\n", i+1, n)
	}
	return text + outputsSection(lang)
}

func keysOf[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

var toldHead = map[string]string{
	"en": `# How a fault is told from a bad value

The test ` + "`TestFaultsAreTold`" + ` writes this page: a gateway reads the simulated part of each driver in each of these states, over its own
kind of wire, and the words below are what it says then, on its page and to the cloud. A *fault* is no reading at all: there is no
value. The other words stand at a value (` + "`range`" + `, ` + "`flat`" + `, ` + "`warm-up`" + `) that is stored and not trusted; rules leave it out. A value that
does not move is looked for only where ` + "`checks:`" + ` asks for it.

| driver | unplugged | silent | noise on the wire | warming up | out of range | frozen |
| --- | --- | --- | --- | --- | --- | --- |
`,
	"zh": `# 如何区分故障与异常值

本页由测试 ` + "`TestFaultsAreTold`" + ` 生成：网关通过各自的线路，读取每个驱动在各种状态下的模拟部件；下列文字即网关在其页面上及向云端给出的说明。
*故障*表示没有读数，也就没有数值；其余文字（` + "`range`" + ` 超量程、` + "`flat`" + ` 不变、` + "`warm-up`" + ` 预热）附在数值上：数值照存，但不可信，规则不采用。
只有配置了 ` + "`checks:`" + `，才检查数值是否长时间不变。

| 驱动 | 拔出 | 无应答 | 线路干扰 | 预热 | 超量程 | 不变 |
| --- | --- | --- | --- | --- | --- | --- |
`,
}
