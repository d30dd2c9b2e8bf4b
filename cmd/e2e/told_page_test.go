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
		rows.WriteString("| " + rowTitle(driver) + " |")
		for _, state := range states[1:] {
			rows.WriteString(" " + b.cell(driver, state, lang, &notes) + " |")
		}
		rows.WriteString("\n")
	}
	text := toldHead[lang] + rows.String() + "\n"
	for i, n := range notes {
		text += fmt.Sprintf("%d. %s\n", i+1, n)
	}
	return text + outputsSection(lang)
}

// rowTitle names a row: its driver, and what is particular where a driver has several.
func rowTitle(row string) string {
	p := plays[row]
	driver := p.driver(row)
	title := fmt.Sprintf("[`%s`](../drivers/%s/README.md)", driver, strings.ReplaceAll(driver, "-", ""))
	measure, _, _ := strings.Cut(p.keys, ",")
	switch {
	case driver == "uart" || driver == "modbus":
		title += ": `" + p.part + "`"
	case row != driver:
		title += ", `" + measure + "`"
	}
	return title
}

// cell is what the gateway said of a row in a state, or why the state cannot be, with
// a note behind it.
func (b *booth) cell(row, state, lang string, notes *[]string) string {
	note := func(why string) string {
		text := neverWords[why][lang]
		if !slices.Contains(*notes, text) {
			*notes = append(*notes, text)
		}
		return fmt.Sprintf("(%d)", slices.Index(*notes, text)+1)
	}
	if why := plays[row].never[state]; why != "" {
		return "— " + note(why)
	}
	i := slices.IndexFunc(b.acts, func(a *act) bool { return a.driver == row && a.state == state })
	if i < 0 {
		return ""
	}
	a := b.acts[i]
	said := strings.Replace("`"+a.said+"`", "`fault ", map[string]string{"en": "fault `", "zh": "故障 `"}[lang], 1)
	switch {
	case a.said == saysWrong:
		return map[string]string{"en": "**passes** ", "zh": "**通过** "}[lang] + note(a.play.passes)
	case a.said == saysRight:
		return "— " + note(oneOfMany)
	case state == warming && a.play.warms != "":
		return said + " " + note(noRate)
	case state == warming && a.play.own:
		return said + " " + note(ownWarmUp)
	}
	return said
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

*Noise* turns a bit of everything that the part says, now this one, now that one. *A wrong digit* is the other sort: half of what the part
says arrives well formed and says another number (on wires without digits: one wrong bit). Where the table says **passes**, the
gateway took such a number for good; the note says why, and what limits it.

The words of faults: ` + "`timeout`" + ` nothing came, ` + "`checksum`" + ` what came is damaged, ` + "`protocol`" + ` what came is not this part's language (speed, model),
` + "`exception`" + ` it refuses the request, ` + "`wrong-part`" + ` another part answers, ` + "`device`" + ` the part reports a fault of its own, ` + "`unplugged`" + ` the port or file is
gone, ` + "`busy`" + ` another program has it, ` + "`stopped`" + ` the gateway ends or is reloaded. ` + "`error`" + ` is none of these: a fault that has no word of its own, of the gateway's machine rather than of the part
(a file that may not be read, a name that does not resolve); ` + "`lamppost read`" + ` and the page write its text beside it.

| driver | unplugged | silent | noise on the wire | a wrong digit | warming up | out of range | frozen |
| --- | --- | --- | --- | --- | --- | --- | --- |
`,
	"zh": `# 如何区分故障与异常值

本页由测试 ` + "`TestFaultsAreTold`" + ` 生成：网关通过各自的线路，读取每个驱动在各种状态下的模拟部件；下列文字即网关在其页面上及向云端给出的说明。
*故障*表示没有读数，也就没有数值；其余文字（` + "`range`" + ` 超量程、` + "`flat`" + ` 不变、` + "`warm-up`" + ` 预热）附在数值上：数值照存，但不可信，规则不采用。
只有配置了 ` + "`checks:`" + `，才检查数值是否长时间不变。

*线路干扰*使部件发送的每条内容都错一位，位置不定。*数字错误*是另一种：部件发送的内容有一半格式完好，却是另一个数（不以数字传送的线路：错一个比特）。
表中写**通过**之处，网关把这样的数当作有效值；注释说明原因，以及还有什么能限制它。

故障用词：` + "`timeout`" + ` 没有收到任何内容，` + "`checksum`" + ` 收到的内容已损坏，` + "`protocol`" + ` 收到的不是该部件的格式（速率、型号），` + "`exception`" + ` 拒绝请求，
` + "`wrong-part`" + ` 应答的是另一种部件，` + "`device`" + ` 部件自报故障，` + "`unplugged`" + ` 串口或文件不见了，` + "`busy`" + ` 被其他程序占用，` + "`stopped`" + ` 网关正在退出或重载。` + "`error`" + ` 不属于以上任何一种：没有专用词的故障，
多出在网关主机而不是部件（文件不可读、域名无法解析）；` + "`lamppost read`" + ` 和页面会在旁边写出原文。

| 驱动 | 拔出 | 无应答 | 线路干扰 | 数字错误 | 预热 | 超量程 | 不变 |
| --- | --- | --- | --- | --- | --- | --- | --- |
`,
}
