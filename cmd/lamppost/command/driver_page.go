package command

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/profile"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// driversPage writes docs/drivers.md: the drivers, and the parts that need only a
// profile, each with how well it is known.
func driversPage(w io.Writer, kinds []drivers.Kind, metrics *obs.Catalog, lang string) error {
	profiles, err := catalog.Profiles(firmwareconfigs.Devices())
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(pick(lang, pageHead, pageHeadZh))
	b.WriteString(pick(lang, "| driver | wire | what | channels | conformance | on a real part | sources |\n", "| 驱动 | 线路 | 说明 | 测点 | 一致性 | 实物 | 资料来源 |\n") + "| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, k := range kinds {
		fmt.Fprintf(&b, "| [`%s`](../drivers/%s/README.md) | %s | %s | %s | %s | %s | %s |\n", k.Name, folderOf(k), k.Wire,
			titleIn(k, lang), channelsOf(k, metrics), conformanceOf(k), realPartOf(k, lang), sourcesOf(k))
	}
	b.WriteString(outputRows(lang))
	b.WriteString(pick(lang, profilesHead, profilesHeadZh))
	b.WriteString(pick(lang, "| profile | part | read by | channels | exchanges: captured, published, constructed | settled | print | as delivered | warm-up | source |\n",
		"| 型号 | 部件 | 驱动 | 测点 | 报文：实录、公开、自构 | 已确认 | 识别 | 出厂设置 | 预热 | 资料来源 |\n") + "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, id := range profiles.IDs() {
		p, _ := profiles.Get(id)
		f := p.About()
		fmt.Fprintf(&b, "| [`%s`](../firmware-configs/devices/%s.yaml) | %s | `%s` | %s | %s | %s | %s | %s | %s | %s |\n",
			id, id, f.Name.In(lang), f.Protocol, channelList(p), sources(p), pick(lang, yesNo(f.Sure, "yes", "no"), yesNo(f.Sure, "是", "否")), printText(p, lang),
			deliveredText(p, lang), warmUpText(f, lang), f.Source.Document)
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// folderOf is the folder of a built-in driver: its package cannot have a hyphen.
func folderOf(k drivers.Kind) string { return strings.ReplaceAll(k.Name, "-", "") }

// titleIn is a driver's title in a language; what has none in Chinese says it in English.
func titleIn(k drivers.Kind, lang string) string {
	if zh := titlesZh[k.Name]; zh != "" && lang == "zh" {
		return zh
	}
	return title(k)
}

// titlesZh are the titles of the built-in drivers in Chinese; their pages are in English.
var titlesZh = map[string]string{
	"a02yyuw": "超声波液位传感器 A02YYUW、A01NYUB、ME007YS", "bme280": "温度、湿度、气压", "board": "网关主板自身状态", "camera": "网络摄像机的图像（HTTP、MJPEG、RTSP、ONVIF）",
	"digital": "GPIO 线上的触点或电平", "ds18b20": "单总线温度传感器", "ezo": "Atlas Scientific EZO 水质模块", "jsnsr04t": "超声波液位传感器 JSN-SR04T、AJ-SR04M",
	"loop": "经 Modbus 模块采集的 4-20 mA 变送器", "maxbotix": "超声波液位传感器 MaxSonar-WR", "mhz19": "炜盛二氧化碳传感器", "modbus": "以型号文件描述的 Modbus 部件", "modem": "蜂窝调制解调器的信号", "nmea0183": "NMEA 0183 定位、风和气象",
	"relay":   "可控制的输出：GPIO 线上的继电器、Modbus 单元的线圈或寄存器、程序",
	"pms5003": "攀藤颗粒物传感器", "process": "任意语言编写的驱动", "pulse": "GPIO 线上的计数器", "scd4x": "二氧化碳、温度、湿度", "sdi12": "任意 SDI-12 传感器",
	"sds011": "诺方颗粒物传感器", "sht3x": "温度、湿度", "sps30": "盛思锐颗粒物传感器", "uart": "以型号文件描述的独立串口部件", "winsen": "炜盛 ZE 系列电化学气体模块",
	"zphs01":     "炜盛多合一空气质量模块",
	"anemometer": "干簧管三杯风速计", "flow-meter": "脉冲水表、燃气表和流量传感器", "rain-gauge": "翻斗式雨量计",
}

// channelsOf are the channels that a driver's page lists: what it names there and is a
// metric.
func channelsOf(k drivers.Kind, metrics *obs.Catalog) string {
	_, rest, ok := strings.Cut(k.Readme, "\n## Channels\n")
	section, _, _ := strings.Cut(rest, "\n## ")
	if !ok {
		return "-"
	}
	var all []string
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			continue
		}
		for _, m := range nameRE.FindAllString(cells[1], -1) {
			if _, ok := metrics.Lookup(strings.Trim(m, "`")); ok && !slices.Contains(all, m) {
				all = append(all, m)
			}
		}
	}
	if all == nil {
		return "-"
	}
	return strings.Join(all, ", ")
}

var (
	nameRE    = regexp.MustCompile("`[a-z0-9_.]+`")
	sourcesRE = regexp.MustCompile(`(?s)\nSources?:\s+(.+?)\.?\s+Conformance:`)
)

// sourcesOf is what a driver's page names as its sources.
func sourcesOf(k drivers.Kind) string {
	return strings.Join(strings.Fields(firstOf(sourcesRE, k.Readme)), " ")
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

What a gateway says when a part is unplugged, disturbed, cold or stuck is on [a page of its own](faults.md), which a gateway wrote.

`
	pageHeadZh = `# 部件目录

本页由 ` + "`lamppost driver list --markdown --lang zh`" + ` 生成，并有测试保证其与实际一致。

对每个驱动的了解程度分两栏表示。**一致性**是无需实物即可证明的部分：

- **bronze（铜）**：通过一致性测试，测试所用的每条报文都注明来源。
- **silver（银）**：说明页完整；用正常、超量程和故障的应答测试过；解码部分经过模糊测试。
- **gold（金）**：录制的通信中既有正常采样，也有该线路的各种故障。录制对象可以是他人按同一份数据手册编写的模拟部件。

**实物**一栏是模拟无法代替的：*已录制*，已录下真实部件的通信及其故障（` + "`lamppost record`" + `）；*在用*，已在现场运行数月，驱动目录中写明地点和负责人。
在此之前，无论左栏是什么颜色，一律写*尚未*。

部件被拔出、受干扰、尚未预热或读数不变时网关如何说明，见[另一页](faults.zh-CN.md)，该页由网关自己写成。

`
	profilesHead = `
## Parts that need only a profile

A profile is data: its driver needs no code for it. "Settled" is no where the profile itself names doubts.

"Print" says how another part in its place is told. *Strong*: the part is asked for what only it answers, and another one is the fault
` + "`wrong-part`" + `. *Weak*: it is asked for what it answers and others may, too, and what does not fit is told beside the values, as a
suspicion; a part on a line of its own is known by the form of its messages. *None*: its document names nothing to ask for. In each case
but the first, values that no such part gives, several at once, are a suspicion as well. How often one of these parts is told from
another is on [a page of its own](mixups.md), which a test wrote.

"As delivered" is how the maker sets the line. A dash, or "not stated", means that the source at hand does not say it: ask the seller for
the Modbus sheet of the part. Without one, connect it alone, set the bus to 9600 8N1 and try ` + "`lamppost read DEVICE`" + ` with address 1, then
4800 and 19200, 8N1 and 8E1; write down on its label what it answered to.

"Warm-up" is how long its values are flagged ` + "`warm-up`" + ` after the gateway opened it, as the drivers do it; ` + "`lamppost profiles show`" + ` names who
states it. *Not stated* means that no source at hand says anything: its first values count. It does not mean that the part needs none.

`
	profilesHeadZh = `
## 只需型号文件的部件

型号文件是数据，无需为它编写代码。“已确认”为否，表示型号文件中列有疑点。

“识别”表示换成另一种部件时如何得知。*强*：询问只有该部件才能回答的内容，应答的若是另一种部件，则报故障 ` + "`wrong-part`" + `。*弱*：询问该部件会回答、
而其他部件也可能回答的内容，不符之处作为疑点与数值一并说明；独占线路的部件则由报文格式识别。*无*：其文档没有可供询问的内容。除第一种外，
同时出现多个该部件不可能给出的数值，也作为疑点说明。部件互换时有多少能被察觉，见[另一页](mixups.zh-CN.md)，该页由测试写成。

“出厂设置”为厂家交付时的线路参数。“-”或“未说明”表示现有资料没有写：请向供应商索取该部件的 Modbus 说明。没有时单独接上该部件，
先把总线设为 9600 8N1、地址设为 1，用 ` + "`lamppost read 设备`" + ` 试读，再试 4800、19200，以及 8N1、8E1；试通后把参数写在部件标签上。

“预热”为网关打开部件后，其数值标为 ` + "`warm-up`" + ` 的时长，与驱动的做法相同；依据见 ` + "`lamppost profiles show`" + `。*未说明*表示现有资料没有提及，首个数值即计入；
并不表示部件无需预热。

`
)
