package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/modbus"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// driversPage writes docs/drivers.md: the drivers, and the parts that need only a
// profile, each with its grade.
func driversPage(w io.Writer, kinds []drivers.Kind, lang string) error {
	profiles, err := modbus.ParseProfiles(firmwareconfigs.Devices())
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(pick(lang, pageHead, pageHeadZh))
	b.WriteString(pick(lang, "| driver | wire | what | grade |\n", "| 驱动 | 线路 | 说明 | 等级 |\n") + "| --- | --- | --- | --- |\n")
	for _, k := range kinds {
		fmt.Fprintf(&b, "| [`%s`](../drivers/%s/README.md) | %s | %s | %s |\n", k.Name, k.Name, k.Wire, title(k), gradeOf(k))
	}
	b.WriteString(pick(lang, profilesHead, profilesHeadZh))
	b.WriteString(pick(lang, "| profile | part | channels | exchanges: captured, published, constructed | settled | grade |\n",
		"| 型号 | 部件 | 测点 | 报文：实录、公开、自构 | 已确认 | 等级 |\n") + "| --- | --- | --- | --- | --- | --- |\n")
	for _, id := range profiles.IDs() {
		p, _ := profiles.Get(id)
		fmt.Fprintf(&b, "| [`%s`](../firmware-configs/devices/%s.yaml) | %s | %s | %s | %s | bronze |\n",
			id, id, pick(lang, p.Name.EN, p.Name.ZH), channelList(p), sources(p), pick(lang, yesNo(p.Sure, "yes", "no"), yesNo(p.Sure, "是", "否")))
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

func channelList(p *modbus.Profile) string {
	var all []string
	for _, c := range p.Channels {
		all = append(all, "`"+c.Channel+"`")
	}
	return strings.Join(all, ", ")
}

// sources counts a profile's exchanges by where they come from; what claims nothing
// better is constructed.
func sources(p *modbus.Profile) string {
	n := map[string]int{}
	for _, f := range p.Fixtures {
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
	pageHead = `# Drivers and their grades

This page is written by ` + "`lamppost driver list --markdown`" + `; a test keeps it true.

A grade says how much is known, not how well something is programmed:

- **bronze**: it passes the conformance kit, and every frame it is tested with says where it comes from.
- **silver**: the traffic of the real part was recorded, and on the recordings each of its faults was provoked.
- **gold**: it has run in the field for months; the driver's folder says where, by whom it is looked after and since when.

Nothing here was tried on a part of its own yet: until somebody records a tape from real hardware
(` + "`lamppost record`" + `), everything is bronze.

`
	pageHeadZh = `# 驱动与等级

本页由 ` + "`lamppost driver list --markdown --lang zh`" + ` 生成，并有测试保证其与实际一致。

等级表示已知的程度，而不是编写的好坏：

- **bronze（铜）**：通过一致性测试，测试所用的每条报文都注明来源。
- **silver（银）**：已录制真实部件的通信，并在录制中逐一触发过它的各种故障。
- **gold（金）**：已在现场运行数月；驱动目录中写明地点、负责人和起始时间。

目前尚无一项在真实部件上试过：在有人用真实硬件录制之前（` + "`lamppost record`" + `），全部为铜级。

`
	profilesHead = `
## Parts that need only a profile

They are read by the driver ` + "`modbus`" + `. "Settled" is no where the profile itself names doubts.

`
	profilesHeadZh = `
## 只需型号文件的部件

由驱动 ` + "`modbus`" + ` 读取。“已确认”为否，表示型号文件中列有疑点。

`
)
