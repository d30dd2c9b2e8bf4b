package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/profile"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// driversPage writes docs/drivers.md: the drivers, and the parts that need only a
// profile, each with how well it is known.
func driversPage(w io.Writer, kinds []drivers.Kind, lang string) error {
	profiles, err := catalog.Profiles(firmwareconfigs.Devices())
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(pick(lang, pageHead, pageHeadZh))
	b.WriteString(pick(lang, "| driver | wire | what | conformance | on a real part |\n", "| 驱动 | 线路 | 说明 | 一致性 | 实物 |\n") + "| --- | --- | --- | --- | --- |\n")
	for _, k := range kinds {
		fmt.Fprintf(&b, "| [`%s`](../drivers/%s/README.md) | %s | %s | %s | %s |\n", k.Name, k.Name, k.Wire, title(k), conformanceOf(k), realPartOf(k, lang))
	}
	b.WriteString(pick(lang, profilesHead, profilesHeadZh))
	b.WriteString(pick(lang, "| profile | part | channels | exchanges: captured, published, constructed | settled |\n",
		"| 型号 | 部件 | 测点 | 报文：实录、公开、自构 | 已确认 |\n") + "| --- | --- | --- | --- | --- |\n")
	for _, id := range profiles.IDs() {
		p, _ := profiles.Get(id)
		f := p.About()
		fmt.Fprintf(&b, "| [`%s`](../firmware-configs/devices/%s.yaml) | %s | %s | %s | %s |\n",
			id, id, f.Name.In(lang), channelList(p), sources(p), pick(lang, yesNo(f.Sure, "yes", "no"), yesNo(f.Sure, "是", "否")))
	}
	_, err = io.WriteString(w, b.String())
	return err
}

func yesNo(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

func channelList(p profile.Profile) string {
	var all []string
	for _, c := range p.Measures() {
		all = append(all, "`"+c.Name+"`")
	}
	return strings.Join(all, ", ")
}

// sources counts a profile's exchanges by where they come from; what claims nothing
// better is constructed.
func sources(p profile.Profile) string {
	n := map[string]int{}
	for _, f := range p.Examples() {
		word, _, _ := strings.Cut(f.Source, " ")
		switch word = strings.Trim(word, ",:;"); word {
		case "captured", "published":
			n[word]++
		default:
			n["constructed"]++
		}
	}
	return fmt.Sprintf("%d, %d, %d", n["captured"], n["published"], n["constructed"])
}

const (
	pageHead = `# The catalogue

This page is written by ` + "`lamppost driver list --markdown`" + `; a test keeps it true.

Two columns say how well a driver is known. **Conformance** is what its folder proves without a part:

- **bronze**: it passes the conformance kit, and every frame it is tested with says where it comes from.
- **silver**: its page is complete, it is tested with answers of the part in order, beyond its range and at fault, and what it
  decodes is fuzzed.
- **gold**: recordings show a good sample and each fault of its wire. They may be of a simulated part, which was written from the
  same data sheet by somebody else.

**On a real part** is what no simulation can give: *recorded*, the traffic of the part was recorded with its faults
(` + "`lamppost record`" + `); *in the field*, it has run for months, and the driver's folder says where and who looks after it. Until somebody
does that it says *not yet*, whatever the colour beside it.

`
	pageHeadZh = `# 部件目录

本页由 ` + "`lamppost driver list --markdown --lang zh`" + ` 生成，并有测试保证其与实际一致。

对每个驱动的了解程度分两栏表示。**一致性**是无需实物即可证明的部分：

- **bronze（铜）**：通过一致性测试，测试所用的每条报文都注明来源。
- **silver（银）**：说明页完整；用正常、超量程和故障的应答测试过；解码部分经过模糊测试。
- **gold（金）**：录制的通信中既有正常采样，也有该线路的各种故障。录制对象可以是他人按同一份数据手册编写的模拟部件。

**实物**一栏是模拟无法代替的：*已录制*，已录下真实部件的通信及其故障（` + "`lamppost record`" + `）；*在用*，已在现场运行数月，驱动目录中写明地点和负责人。
在此之前，无论左栏是什么颜色，一律写*尚未*。

`
	profilesHead = `
## Parts that need only a profile

They are read by the drivers ` + "`modbus`" + ` and, on a line of their own, ` + "`uart`" + `. "Settled" is no where the profile itself names doubts.

`
	profilesHeadZh = `
## 只需型号文件的部件

由驱动 ` + "`modbus`" + ` 读取；独占串口的部件由 ` + "`uart`" + ` 读取。“已确认”为否，表示型号文件中列有疑点。

`
)
