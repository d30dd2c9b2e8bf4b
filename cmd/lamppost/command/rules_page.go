package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/lamppost-city/lamppost/edge/rulepack"
)

// rulesPage writes docs/rules.md: every rule that packs offer, where its figures come
// from, and its parameters.
func rulesPage(w io.Writer, packs *rulepack.Set, lang string) error {
	var b strings.Builder
	b.WriteString(pick(lang, rulesHead, rulesHeadZh))
	for _, p := range packs.Packs() {
		fmt.Fprintf(&b, pick(lang, "- [%s](#%s): ", "- [%s](#%s)："), p.Name.In(lang), p.ID)
		var all []string
		for _, r := range p.Rules {
			all = append(all, fmt.Sprintf("[`%s`](#%s)", r.ID, r.ID))
		}
		b.WriteString(strings.Join(all, pick(lang, ", ", "、")) + "\n")
	}
	for _, p := range packs.Packs() {
		fmt.Fprintf(&b, "\n<a id=\"%s\"></a>\n\n## %s\n\n", p.ID, p.Name.In(lang))
		fmt.Fprintf(&b, pick(lang, "Pack [`%s`](../firmware-configs/rules/%s.yaml), with its tests.\n", "规则包 [`%s`](../firmware-configs/rules/%s.yaml)，内含测试。\n"), p.ID, p.ID)
		for _, r := range p.Rules {
			rulePart(&b, r, lang)
		}
	}
	conditionsPart(&b, lang)
	testsPart(&b, lang)
	_, err := io.WriteString(w, b.String())
	return err
}

// rulePart writes one rule of the page.
func rulePart(b *strings.Builder, r *rulepack.Rule, lang string) {
	raises := severityText(severitiesOf(r), lang)
	if r.Forecasts {
		raises += pick(lang, ", forecast", "，预测")
	}
	fmt.Fprintf(b, pick(lang, "\n### %s\n\n%s. Raises: %s.\n\n", "\n### %s\n\n%s。等级：%s。\n\n"), r.ID, capital(r.About.In(lang)), raises)
	for _, s := range r.Standards {
		text := s.Name.In(lang)
		if s.Number != "" {
			text = "**" + s.Number + "** " + text
		}
		if s.Clause != "" {
			text += pick(lang, ", ", "，") + s.Clause
		}
		text += pick(lang, ": ", "：") + s.Says.In(lang)
		if s.Unsure {
			text += pick(lang, ". *Unsure*", "。*存疑*")
		}
		b.WriteString("- " + cell(text) + "\n")
	}
	b.WriteString(pick(lang, "\n| parameter | is | default | range | meaning |\n", "\n| 参数 | 类型 | 缺省值 | 范围 | 含义 |\n") + "| --- | --- | --- | --- | --- |\n")
	for i := range r.Parameters {
		p := &r.Parameters[i]
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", p.Name, kindText(p, lang), cell(defaultText(p, lang)), rangeText(p, lang), cell(p.About.In(lang)))
	}
	fmt.Fprintf(b, "\n```text\n%s```\n", ruleSample(r))
}

// cell is a text that a table of Markdown takes.
func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }

// capital begins a sentence.
func capital(text string) string {
	if text == "" || text[0] < 'a' || text[0] > 'z' {
		return text
	}
	return string(text[0]-'a'+'A') + text[1:]
}

const rulesHead = `# Rules to use

This page is written by ` + "`lamppost rules list --markdown`" + `; a test keeps it true.

Each of these rules waits in a *pack* for a site that has what it reads. A site names it and says which of its streams it means, and
whatever figure of its own differs:

` + "```text" + `
rules:
  low-road: {use: underpass-flood, with: {level: road.level, red: 0.35}, actions: [siren]}
` + "```" + `

A number may have its unit behind it (` + "`0.35 m`" + `), which must be the one that stands here. What may be ` + "`off`" + ` leaves the severities out
that speak of it. Beside ` + "`use`" + ` a site writes what is its own: ` + "`actions`, `still`, `category`, `message`, `hold`, `schedule`, `depends`" + `. The rule's own condition,
severities and times are the pack's. A pack of yours is a file beside the configuration, see [integrators](integrators.md#a-rule-pack-of-your-own).

Where figures come from stands with each rule. **Unsure** means that nobody has compared them with the printed standard: they are
quoted from memory, from public code or a web page, or are field practice. Look them up before you rely on them. No rule speaks for an
authority: official warnings are issued by those who may.

A site's own rules, and what their conditions may say, stand [at the end](#conditions).

`

const rulesHeadZh = `# 可直接使用的规则

本页由 ` + "`lamppost rules list --markdown --lang zh`" + ` 生成，并由测试保证与程序一致。

这些规则放在*规则包*里。站点写出规则名，指明对应的数据流，以及与缺省值不同的参数：

` + "```text" + `
rules:
  low-road: {use: underpass-flood, with: {level: road.level, red: 0.35}, actions: [siren]}
` + "```" + `

数值后可以写单位（` + "`0.35 m`" + `），单位必须与本页一致。可写 ` + "`off`" + ` 的参数，写 off 后用到它的等级即不启用。` + "`use`" + ` 旁边写站点自己的内容：
` + "`actions`、`still`、`category`、`message`、`hold`、`schedule`、`depends`" + `。条件、等级和时间由规则包给出。自己的规则包是配置旁边的一个文件，见[集成商](integrators.zh-CN.md#自己的规则包)。

每条规则都注明数值的依据。**存疑**表示未与正式文本核对：凭记忆、公开代码或网页引用，或为现场惯例，使用前请查证。
任何规则都不代表主管部门：正式预警由有权部门发布。

站点自己的规则及其条件的写法见[本页末尾](#conditions)。

`
