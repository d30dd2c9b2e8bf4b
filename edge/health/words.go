package health

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// text is a sentence in each language; the verbs of both take the same arguments,
// by index, in whatever order the language wants.
type text struct{ en, zh string }

// Arguments of the device sentences: 1 device, 2 part, 3 where, 4 since, 5 detail.
var (
	silentAmongOthers = text{
		"%[1]s (%[2]s, %[3]s) has not answered for %[4]s; other devices on this line do, so the line is good. Check this device's supply, its address and its last metre of cable.",
		"%[1]s（%[2]s，%[3]s）已 %[4]s无应答；同一线路上其他设备正常，线路没有问题。请检查该设备的供电、地址和末段接线。"}
	silentLine = text{
		"%[1]s (%[2]s, %[3]s) has not answered for %[4]s, and nothing else on this line does. Check the adapter, the A/B wires (swapping them is harmless), termination and the common supply.",
		"%[1]s（%[2]s，%[3]s）已 %[4]s无应答，该线路上其他设备也无应答。请检查转换器、A/B 线（对调无害）、终端电阻和公共供电。"}
	silentAlone = text{
		"%[1]s (%[2]s, %[3]s) has sent nothing for %[4]s. Check its supply and that its TX wire goes to our RX.",
		"%[1]s（%[2]s，%[3]s）已 %[4]s没有数据。请检查供电，并确认设备 TX 接到网关 RX。"}
	unplugged = text{
		"The adapter of %[1]s (%[2]s, %[3]s) has been gone for %[4]s. Plug it back in, any socket is fine if it is bound by-id; reading goes on by itself.",
		"%[1]s（%[2]s，%[3]s）的转换器已断开 %[4]s。重新插上即可（按 by-id 绑定时可换插口），读取会自动恢复。"}
	garbled = text{
		"What %[1]s (%[2]s, %[3]s) sends has been damaged for %[4]s: %[5]s. Check speed and parity, termination, common ground, and that no second device has this address.",
		"%[1]s（%[2]s，%[3]s）的数据已损坏 %[4]s：%[5]s。请检查波特率与校验位、终端电阻、共地，以及是否有设备地址重复。"}
	refuses = text{
		"%[1]s (%[2]s, %[3]s) answers but has refused the request for %[4]s: %[5]s. The profile probably does not fit this model or firmware.",
		"%[1]s（%[2]s，%[3]s）有应答但已拒绝请求 %[4]s：%[5]s。设备模板可能与该型号或固件不符。"}
	wrongPart = text{
		"Another part than %[1]s (%[2]s, %[3]s) has been answering there for %[4]s: %[5]s. Its values are not used. Look whether two were exchanged, or whether the port is another one now.",
		"应答的不是 %[1]s（%[2]s，%[3]s），已持续 %[4]s：%[5]s。其数值未被采用。请检查是否接错、互换，或端口已变。"}
	busy = text{
		"The port of %[1]s (%[2]s, %[3]s) has been held by another program for %[4]s: %[5]s. Stop that program.",
		"%[1]s（%[2]s，%[3]s）的端口已被其他程序占用 %[4]s：%[5]s。请停止该程序。"}
	ownFault = text{
		"%[1]s (%[2]s, %[3]s) has reported a fault of its own for %[4]s: %[5]s. Clean or replace it.",
		"%[1]s（%[2]s，%[3]s）自报故障已 %[4]s：%[5]s。请清洁或更换。"}
	faulty = text{
		"%[1]s (%[2]s, %[3]s) has failed for %[4]s: %[5]s.",
		"%[1]s（%[2]s，%[3]s）读取失败已 %[4]s：%[5]s。"}
	configRefused = text{
		"The changed configuration was refused, and revision %[2]s goes on: %[1]s. Mend the file (lamppost check shows all of it) and reload again.",
		"修改后的配置未被采用，继续运行版本 %[2]s：%[1]s。请修正文件（lamppost check 列出全部问题）后重新加载。"}
	frozen = text{
		"%[1]s (%[2]s) gives exactly the same again and again; it may be stuck.",
		"%[1]s（%[2]s）的数据长时间完全不变，可能已卡死。"}
	noisy = text{
		"%[1]s: %[2]s of the frames arrive damaged (limit 1 %%). Most often termination or common ground is missing, or the cable runs beside a power line. (%[3]s)",
		"%[1]s：%[2]s 的报文损坏（限值 1 %%）。常见原因：缺终端电阻、未共地，或与电源线并行走线。（%[3]s）"}
	babbling = text{
		"%[1]s: bytes arrive (%[2]d lately), but not one whole frame. Check speed and parity first, then whether something else talks on this line. (%[3]s)",
		"%[1]s：有数据到达（最近 %[2]d 字节），但没有一帧完整。请先检查波特率与校验位，再检查线路上是否有其他设备在发送。（%[3]s）"}
	stray = text{
		"%[1]s: stray bytes come beside the frames (%[2]d beside the last %[3]d frames). Values are right as long as frames get through. Most often the bias resistors are missing, so that the idle line floats. (%[4]s)",
		"%[1]s：报文之外有杂散字节（最近 %[3]d 帧之外 %[2]d 字节）。报文能通过时数值仍正确。常见原因：未接偏置电阻，总线空闲时电平浮动。（%[4]s）"}
	clockPast = text{
		"The clock says %[1]d: this board has no clock chip and no time source has been reached yet. Values are kept with their time since boot and dated later; nothing is lost.",
		"时钟显示 %[1]d 年：本板没有时钟芯片，尚未连上授时源。数据先按开机时长保存，之后补标时间，不会丢失。"}
	clockUnsynced = text{
		"The clock has not been confirmed for %[1]s. Values are kept with their time since boot and dated as soon as a time source answers; check NTP (UDP 123), and with chrony that rtcsync is on.",
		"时钟已 %[1]s未校准。数据先按开机时长保存，授时恢复后补标时间；请检查 NTP（UDP 123）；使用 chrony 时须启用 rtcsync。"}
	clockHeld = text{
		"The clock has run on its own for %[1]s since its last confirmation; it may be wrong by %[2]s. Check NTP (UDP 123).",
		"时钟距上次校准已自行运行 %[1]s，误差可能达 %[2]s。请检查 NTP（UDP 123）。"}
	clockDispute = text{
		"Two sources of time differ by %[2]s, more than both allow: %[1]s and %[3]s. One of them is wrong, and the times here may be. Check the NTP server of this board and the aggregator's clock.",
		"两个时间来源相差 %[2]s，超出双方误差：%[1]s与%[3]s。其中之一有误，本机时间可能不准。请检查本机所用 NTP 服务器和汇聚平台的时钟。"}
	twin = text{
		"Another gateway reports under this gateway's id: a cloned card? Give one of them a new id.",
		"另有网关使用相同编号上报：是否复制过存储卡？请为其中一台改用新编号。"}
	wrongStore = text{
		"Store %[1]s answers, but this gateway reports to store %[2]s, and what another one acknowledges does not count. Everything is kept here; %[3]d records wait. If the cloud was set up anew, write uplink.stores: [%[1]s] into the configuration and restart the gateway: all that is kept is then sent again. If not, find out why %[2]s does not answer and whose %[1]s is.",
		"应答的是存储 %[1]s，而本网关上报的存储是 %[2]s；其他存储的确认不算数。数据都保存在本机，%[3]d 条记录待上传。若平台已重建，请在配置中写入 uplink.stores: [%[1]s] 并重启网关，保存的数据会全部重新上传；若未重建，请查明 %[2]s 为何不应答，以及 %[1]s 属于谁。"}
	offline = text{
		"No connection to %[1]s: %[2]s. Everything is kept here; %[3]d records wait.",
		"无法连接 %[1]s：%[2]s。数据都保存在本机，%[3]d 条记录待上传。"}
	second = text{
		"Reporting through %[1]s, because the preferred broker is no good: %[2]s. It is looked at again from time to time and gone back to by itself.",
		"正经备用服务器 %[1]s 上报，首选服务器不可用：%[2]s。网关会定期重试并自动切回。"}
	budgetTight = text{
		"The link's budget for the day is getting short (%[1]s of %[2]s used): live readings go only now and then. All are kept and follow as history; raise uplink.budget or lengthen every.",
		"今日流量将尽（已用 %[1]s，共 %[2]s）：实时数据减少上传。数据均已保存，之后补传；请提高 uplink.budget 或延长 every。"}
	picturesHeld = text{ // arguments: 1 how many, 2 used, 3 of, 4 how long the day lasts
		"Pictures of alerts (%[1]d) wait: %[2]s of the day's %[3]s are used, and the last tenth is the alerts' own. They lie on the gateway and go when the next day of the budget begins, in %[4]s; raise uplink.budget, or lower the camera's resolution.",
		"有 %[1]d 张告警画面等待发送：今日流量已用 %[2]s，共 %[3]s，最后十分之一专供告警。画面保存在网关上，%[4]s后流量重新计算时发送；请提高 uplink.budget，或降低摄像机分辨率。"}
	budgetSpent = text{
		"The link's budget for the day is spent (%[1]s of %[2]s used): only alerts, events and heartbeats go until the next day. All readings are kept and follow as history; raise uplink.budget or lengthen every.",
		"今日流量已用完（已用 %[1]s，共 %[2]s）：次日前只上传预警、事件和心跳。数据均已保存，之后补传；请提高 uplink.budget 或延长 every。"}
	neverAcked = text{
		"Connected, but no aggregator has acknowledged anything yet; %[1]d records wait. Is the aggregator running, with the same topic prefix?",
		"已连接，但尚无汇聚平台确认；%[1]d 条记录待确认。请确认汇聚平台已运行且主题前缀一致。"}
	unacked = text{
		"Connected, but nothing has been acknowledged for %[1]s; %[2]d records wait. The aggregator or its store may be down.",
		"已连接，但已 %[1]s没有确认；%[2]d 条记录待确认。汇聚平台或其存储可能停机。"}
)

// timeSources are the sources of time, as they are called in sentences.
var timeSources = map[string]text{
	"kernel": {"NTP", "NTP"},
	"uplink": {"the aggregator", "汇聚平台"},
	"":       {"what was known before", "此前已知的时间"},
}

func one(id, level, about string, t text, args ...any) []wire.Health {
	return []wire.Health{{ID: id, Level: level, About: about, Text: map[string]string{
		"en": stops.Replace(fmt.Sprintf(t.en, localize(args, "en")...)), "zh": stops.Replace(fmt.Sprintf(t.zh, localize(args, "zh")...)),
	}}}
}

// stops leaves one full stop where an error brings its own.
var stops = strings.NewReplacer("?.", "?", "..", ".", "?。", "？", ".。", "。")

// span is a duration that is written in the sentence's own language.
type span time.Duration

func localize(args []any, lang string) []any {
	out := make([]any, len(args))
	for i, a := range args {
		switch v := a.(type) {
		case interface{ in(lang string) string }:
			a = v.in(lang)
		case text:
			if a = v.en; lang == "zh" {
				a = v.zh
			}
		}
		out[i] = a
	}
	return out
}

// in writes the duration with its one largest unit: "42 s", "11 min", "3 h".
func (s span) in(lang string) string {
	d, n, unit := time.Duration(s), int64(0), 0
	switch {
	case d < 2*time.Minute:
		n = int64(d.Seconds())
	case d < 2*time.Hour:
		n, unit = int64(d.Minutes()), 1
	case d < 48*time.Hour:
		n, unit = int64(d.Hours()), 2
	default:
		n, unit = int64(d.Hours()/24), 3
	}
	if lang == "zh" {
		return strconv.FormatInt(n, 10) + [...]string{" 秒", " 分钟", " 小时", " 天"}[unit]
	}
	return strconv.FormatInt(n, 10) + [...]string{" s", " min", " h", " d"}[unit]
}

func percent(part, whole uint64) string {
	return strconv.FormatFloat(float64(part)*100/float64(whole), 'f', 1, 64) + " %"
}
