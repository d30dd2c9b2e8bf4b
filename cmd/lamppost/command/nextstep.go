package command

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
)

// step is what to look at next, for whoever stands before the part.
type step struct{ en, zh string }

// wireOf is on what kind of wire a device hangs, for people.
func wireOf(cfg *config.Config, d config.Device) string {
	if d.Plan != nil && d.Plan.Port != "" { // a camera on a serial line
		return "uart"
	}
	if d.Plan != nil && d.Plan.Node != "" { // one that the board's kernel drives
		return "video"
	}
	switch d.Wire {
	case drivers.I2CDevice:
		return "i2c"
	case drivers.OneWireDevice:
		return "w1"
	case drivers.SDI12Sensor:
		return "sdi12"
	case drivers.InputLine, drivers.PulseLine:
		return "gpio"
	case drivers.ChildProcess:
		return "process"
	case drivers.BoardHost:
		return "board"
	case drivers.HTTPHost:
		return "http"
	case drivers.SerialLine:
		return "uart"
	}
	if slices.ContainsFunc(cfg.Buses, func(b config.Bus) bool { return b.ID == d.Bus && b.TCP != "" }) {
		return "host"
	}
	return "rs485"
}

// steps are the next steps by wire and fault word; those under "" hold for every wire
// that says nothing else.
var steps = map[string]map[string]step{
	"": {
		"timeout":    {"no answer: look at its supply, then its wires", "无应答：先查供电，再查接线"},
		"checksum":   {"what it sends arrives damaged: common ground, cable away from power lines, no second part with this address", "数据损坏：检查共地、线缆远离电源线、有无地址重复"},
		"protocol":   {"it answers in another language: is it this model, and does the driver fit it? --raw shows the bytes", "能应答但无法解析：型号与驱动是否相符？--raw 显示原始字节"},
		"exception":  {"it answers and refuses: does the profile fit this model and firmware? lamppost profiles show", "有应答但拒绝请求：设备模板与型号、固件是否相符？见 lamppost profiles show"},
		"wrong-part": {"another part answers: were two exchanged, or did the port change its name? Bind it as /dev/serial/by-id/…", "应答的是另一台设备：是否接错或互换，端口名是否已变？请用 /dev/serial/by-id/… 绑定"},
		"unplugged":  {"it is not there: plug it in; lamppost ports lists what is", "未接入：请插上；lamppost ports 列出现有端口"},
		"busy":       {"another program holds it: the message names it; stop that one", "被其他程序占用：按提示停止该程序"},
		"device":     {"the part reports a fault of its own: clean or replace it, see its page in the catalogue", "设备自报故障：请清洁或更换，见其说明页"},
		"error":      {"see the message; lamppost read --raw shows what crossed the wire", "请看提示；lamppost read --raw 显示线上数据"},
	},
	"uart": {
		"timeout":  {"nothing came: supply, its TX to our RX, ground; then whether it wants to be asked or set to send", "没有数据：检查供电、设备 TX 接网关 RX、共地；再确认其输出方式"},
		"protocol": {"bytes came and no frame: speed (baud) first, then the model; --raw shows the bytes", "有数据但不成帧：先查波特率，再查型号；--raw 显示原始字节"},
		"checksum": {"frames come damaged: ground, cable length, and that nothing else sends on this wire", "报文损坏：检查共地、线长，以及同线有无其他设备发送"},
	},
	"rs485": {
		"timeout":  {"no answer: supply, A/B (swapping them is harmless), speed and parity, address, in this order; lamppost ports says who switches the line", "无应答：依次检查供电、A/B（对调无害）、波特率与校验、地址；lamppost ports 说明由谁切换收发"},
		"checksum": {"frames come damaged: 120 Ω at both ends, common ground, speed and parity, two parts with one address", "报文损坏：检查两端 120 Ω、共地、波特率与校验、有无地址重复"},
		"protocol": {"what answers is no Modbus, or runs at another speed; --raw shows the bytes", "应答不是 Modbus，或波特率不同；--raw 显示原始字节"},
	},
	"host": {
		"timeout":   {"connected, and no answer: the unit number (address) behind the host, and whether it speaks Modbus TCP or RTU over TCP (rtu: true)", "已连接但无应答：检查主机后的单元号（address），以及是 Modbus TCP 还是 RTU over TCP（rtu: true）"},
		"unplugged": {"the host cannot be reached: its power, the network cable, address and port (ping it)", "无法连接主机：检查供电、网线、地址与端口（先 ping）"},
		"protocol":  {"what answers there is something else: is it the right host, port and path?", "应答的不是该设备：检查主机、端口和路径"},
	},
	"http": {
		"timeout":   {"connected, and no picture in time: is the camera busy, or the network slow? Open the url in a browser on this network", "已连接但未及时取到图片：摄像机是否繁忙、网络是否过慢？请在同一网络用浏览器打开 url"},
		"unplugged": {"the camera cannot be reached: its power, the network cable, address and port (ping it)", "无法连接摄像机：检查供电、网线、地址与端口（先 ping）"},
		"protocol":  {"what answers there is no picture: is it the right host, port and path? Open the url in a browser", "应答的不是图片：检查主机、端口和路径，可用浏览器打开 url"},
		"exception": {"the camera answers and refuses: status 404 is a wrong path in url, 401 or 403 the login (username, password_file); the camera's page in the catalogue lists the makers' paths", "摄像机有应答但拒绝：状态 404 是 url 路径不对，401 或 403 是登录不对（username、password_file）；各厂家路径见目录中摄像机的说明页"},
		"device":    {"there is no picture: where the message names a program, look at that one; else at the camera, and restart it", "没有图片：提示中提到程序时请检查该程序，否则请检查并重启摄像机"},
	},
	"video": {
		"timeout":   {"it is there, and no picture came: plug it in again, on another port, with a shorter cable", "设备存在但没有画面：请重新插拔，换一个接口或更短的线"},
		"unplugged": {"it is not there: plug it in, and write the name that ls /dev/v4l/by-id shows as url; the gateway's user must be in the group video", "未接入：请插上，并把 ls /dev/v4l/by-id 列出的名称写入 url；网关用户须在 video 组"},
		"protocol":  {"this node gives no pictures that can be used: a camera often has two nodes, try the other one; see its page in the catalogue", "该节点没有可用的画面：摄像机常有两个节点，请换另一个；见目录中摄像机的说明页"},
	},
	"i2c": {
		"timeout":   {"nobody acknowledges: supply, SDA and SCL (swapped?), address; i2cdetect -y shows who is there", "无人应答：检查供电、SDA/SCL（是否接反）、地址；i2cdetect -y 列出在线器件"},
		"checksum":  {"damaged: shorten the cable (half a metre is much), check the pull-ups and ground", "数据损坏：缩短线缆（半米已长），检查上拉电阻与共地"},
		"unplugged": {"the I2C bus is not there: switch it on in the board's own configuration (dtparam=i2c_arm=on), and load i2c-dev", "没有该 I2C 总线：请在板卡配置中启用（dtparam=i2c_arm=on）并加载 i2c-dev"},
	},
	"w1": {
		"timeout":   {"it does not answer: the three wires and the pull-up of 4.7 kΩ; ls /sys/bus/w1/devices", "无应答：检查三根接线和 4.7 kΩ 上拉电阻；ls /sys/bus/w1/devices"},
		"unplugged": {"it is not on the bus: is the id right? ls /sys/bus/w1/devices shows who is there", "总线上没有该器件：编号是否正确？ls /sys/bus/w1/devices 列出在线器件"},
	},
	"sdi12": {
		"timeout":   {"no answer: its 12 V, the data wire, and its address, which ?! asks of a sensor that is alone on the line", "无应答：检查 12 V 供电、数据线和地址；单独接入时可用 ?! 查询地址"},
		"exception": {"the sensor answers and does not know this measurement: write the one in its manual as measure", "传感器有应答但没有该测量：请按其手册填写 measure"},
		"protocol":  {"the sensor answers otherwise than it should: do two have this address, and does its manual give as many values? --raw shows the bytes", "传感器应答不符：是否有地址重复，数值个数是否与手册一致？--raw 显示原始字节"},
	},
	"gpio": {
		"unplugged": {"the GPIO chip is not there: gpioinfo shows chips, labels and lines", "没有该 GPIO 芯片：gpioinfo 列出芯片、标签和引脚"},
		"busy":      {"the line is held by somebody else: gpioinfo names who", "引脚被占用：gpioinfo 显示占用者"},
		"exception": {"the chip refuses what is asked of this line: another line, or without pull and debounce", "芯片不支持该设置：换引脚，或去掉 pull 和 debounce"},
	},
	"process": {
		"timeout":   {"the program does not answer: try it alone, lamppost driver test -- PROGRAM", "程序无应答：请单独测试，lamppost driver test -- 程序"},
		"protocol":  {"the program writes what is no answer: lamppost driver test -- PROGRAM", "程序输出不合约定：lamppost driver test -- 程序"},
		"unplugged": {"the program ended: the message says how; lamppost driver test -- PROGRAM", "程序已退出：原因见提示；lamppost driver test -- 程序"},
	},
	"board": {
		"unplugged": {"the board's figures cannot be read; in a container, mount /sys and /proc into it", "读不到本机状态；在容器中请挂载 /sys 与 /proc"},
	},
}

// asSet is the step where the part is right and its settings are not.
var asSet = step{"the part answers well, and is set otherwise than the configuration says: the message names the key", "设备应答正常，但其设置与配置不符：提示中已指明对应的键"}

// stepAfter returns the next step after an error on a wire.
func stepAfter(wire string, err error, lang string) string {
	if errors.Is(err, drivers.ErrSettings) {
		return pick(lang, asSet.en, asSet.zh)
	}
	return stepFor(wire, drivers.FaultWord(err), lang)
}

// stepFor returns the next step of a fault on a wire.
func stepFor(wire, fault, lang string) string {
	s, ok := steps[wire][fault]
	if !ok {
		s, ok = steps[""][fault]
	}
	if !ok {
		s = steps[""]["error"]
	}
	return pick(lang, s.en, s.zh)
}

// whatNext says what to do about the devices that failed: one line for each kind of
// fault, with the devices that have it; empty if none did.
func whatNext(cfg *config.Config, outcomes []gateway.Outcome, lang string) string {
	var lines []string
	who := map[string][]string{}
	for _, o := range outcomes {
		if o.Err == nil {
			continue
		}
		text := stepAfter(wireOf(cfg, o.Device), o.Err, lang)
		if o.Fault() == "timeout" && answersBeside(o, outcomes) {
			text = pick(lang, "others on this line answer, so the line is good: look at this device's own supply, address and last metre of cable",
				"同一线路上其他设备有应答，线路正常：请检查该设备的供电、地址和末段接线")
		}
		if who[text] == nil {
			lines = append(lines, text)
		}
		who[text] = append(who[text], o.Device.ID)
	}
	for i, text := range lines {
		lines[i] = fmt.Sprintf(pick(lang, "%s: %s", "%s：%s"), strings.Join(who[text], ", "), text)
	}
	return strings.Join(lines, "\n       ")
}

// answersBeside says whether another device on the same bus has answered.
func answersBeside(o gateway.Outcome, all []gateway.Outcome) bool {
	return o.Device.Bus != "" && slices.ContainsFunc(all, func(x gateway.Outcome) bool {
		return x.Device.ID != o.Device.ID && x.Device.Bus == o.Device.Bus && x.Answered()
	})
}
