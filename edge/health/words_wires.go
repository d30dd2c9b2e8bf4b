package health

// wireWords are what to say of a device that hangs on no serial line, by wire and fault
// word. The errors of these wires name what to look at, so the sentences end with them.
var wireWords = map[string]map[string]text{
	"i2c": {
		"timeout": {
			"%[1]s (%[2]s, %[3]s) has not answered for %[4]s. Check its supply, SDA and SCL (swapped?), and its address: %[5]s.",
			"%[1]s（%[2]s，%[3]s）已 %[4]s无应答。请检查供电、SDA 与 SCL（是否接反）和地址：%[5]s。"},
		"checksum": {
			"What %[1]s (%[2]s, %[3]s) sends over I2C has been damaged for %[4]s: %[5]s. Shorten the cable and lead it away from motors and power lines, check the pull-ups of SDA and SCL, common ground and supply, and that no second part has this address; a slower bus bears more.",
			"%[1]s（%[2]s，%[3]s）的 I2C 数据已损坏 %[4]s：%[5]s。请缩短线缆并远离电机和电源线，检查 SDA、SCL 的上拉电阻、共地和供电，以及是否有器件地址重复；降低总线速率可提高抗扰能力。"},
		"unplugged": {
			"The I2C bus of %[1]s (%[2]s, %[3]s) has been gone for %[4]s: %[5]s.",
			"%[1]s（%[2]s，%[3]s）所在的 I2C 总线已消失 %[4]s：%[5]s。"},
		"busy": {
			"Something else has used the address of %[1]s (%[2]s, %[3]s) for %[4]s: %[5]s.",
			"%[1]s（%[2]s，%[3]s）的地址已被占用 %[4]s：%[5]s。"},
	},
	"w1": {
		"timeout": {
			"%[1]s (%[2]s, %[3]s) has not been read for %[4]s. Check its three wires, the supply and the pull-up of 4.7 kΩ: %[5]s.",
			"%[1]s（%[2]s，%[3]s）已 %[4]s无法读取。请检查三根接线、供电和 4.7 kΩ 上拉电阻：%[5]s。"},
		"checksum": {
			"What %[1]s (%[2]s, %[3]s) sends over 1-Wire has been damaged for %[4]s: %[5]s. Check the pull-up of 4.7 kΩ, the supply and common ground, and that the cable is one line without long branches, away from power lines.",
			"%[1]s（%[2]s，%[3]s）的 1-Wire 数据已损坏 %[4]s：%[5]s。请检查 4.7 kΩ 上拉电阻、供电和共地；线缆应为一条主线、无长分支，并远离电源线。"},
		"unplugged": {
			"%[1]s (%[2]s, %[3]s) has not been found for %[4]s: %[5]s.",
			"%[1]s（%[2]s，%[3]s）已 %[4]s未被发现：%[5]s。"},
	},
	"sdi12": {
		"checksum": {
			"What %[1]s (%[2]s, %[3]s) sends over SDI-12 has been damaged for %[4]s: %[5]s. Check the data wire, common ground and the 12 V supply, the length of the cable, and that no second sensor has this address.",
			"%[1]s（%[2]s，%[3]s）的 SDI-12 数据已损坏 %[4]s：%[5]s。请检查数据线、共地、12 V 供电和线缆长度，以及是否有传感器地址重复。"},
	},
	"process": {
		"timeout": {
			"The program that reads %[1]s (%[3]s) has not answered for %[4]s. Try it alone: lamppost driver test -- %[3]s. (%[5]s)",
			"读取 %[1]s 的程序（%[3]s）已 %[4]s无应答。可单独测试：lamppost driver test -- %[3]s（%[5]s）"},
		"protocol": {
			"The program that reads %[1]s (%[3]s) has written no answer for %[4]s: %[5]s. Try it alone: lamppost driver test -- %[3]s",
			"读取 %[1]s 的程序（%[3]s）已 %[4]s没有写出正确回答：%[5]s。可单独测试：lamppost driver test -- %[3]s"},
		"unplugged": {
			"The program that reads %[1]s (%[3]s) has not run for %[4]s, and is started again by itself: %[5]s.",
			"读取 %[1]s 的程序（%[3]s）已 %[4]s未运行，网关会自动重新启动：%[5]s。"},
		"device": {
			"The program that reads %[1]s (%[3]s) has reported a fault of its part for %[4]s: %[5]s.",
			"读取 %[1]s 的程序（%[3]s）报告设备故障已 %[4]s：%[5]s。"},
	},
	"host": {
		"unplugged": {
			"%[1]s (%[2]s, %[3]s) has not been reached over the network for %[4]s: %[5]s. Check its supply, its network cable and its address.",
			"%[1]s（%[2]s，%[3]s）已 %[4]s无法通过网络连接：%[5]s。请检查供电、网线和地址。"},
		"timeout": {
			"%[1]s (%[2]s, %[3]s) has not answered over the network for %[4]s. Check that it is on, its address and, behind a gateway, its unit number: %[5]s.",
			"%[1]s（%[2]s，%[3]s）已 %[4]s无网络应答。请检查是否通电、地址，以及网关后的单元号：%[5]s。"},
	},
	"camera": {
		"unplugged": {
			"%[1]s (%[2]s, %[3]s) has not been reached for %[4]s: %[5]s. Check its supply, its cable and its address.",
			"%[1]s（%[2]s，%[3]s）已 %[4]s无法连接：%[5]s。请检查供电、连接线和地址。"},
		"timeout": {
			"%[1]s (%[2]s, %[3]s) has sent no picture in time for %[4]s: %[5]s. Check that it is on, its address, and that neither it nor the network is overloaded.",
			"%[1]s（%[2]s，%[3]s）已 %[4]s未及时送出图片：%[5]s。请检查是否通电、地址，以及摄像机或网络是否过载。"},
		"protocol": {
			"%[1]s (%[2]s, %[3]s) has sent no picture that can be used for %[4]s: %[5]s. Check host, port and path of its url; a browser shows what comes there.",
			"%[1]s（%[2]s，%[3]s）已 %[4]s没有送出可用的图片：%[5]s。请检查 url 的主机、端口和路径，可用浏览器查看。"},
		"exception": {
			"%[1]s (%[2]s, %[3]s) answers but has refused its picture for %[4]s: %[5]s. 401 and 403 are the login (username, password_file), 404 is the path in its url.",
			"%[1]s（%[2]s，%[3]s）有应答但拒绝送出图片已 %[4]s：%[5]s。401、403 是登录不对（username、password_file），404 是 url 路径不对。"},
		"device": {
			"There has been no picture of %[1]s (%[2]s, %[3]s) for %[4]s: %[5]s. Where the message names a program, look at that one; else at the camera: restart it.",
			"%[1]s（%[2]s，%[3]s）已 %[4]s没有图片：%[5]s。提示中提到程序时请检查该程序，否则请检查并重启摄像机。"},
	},
	"board": {
		"unplugged": {
			"%[1]s (%[2]s) has read nothing of the board for %[4]s: %[5]s. In a container, mount /sys and /proc into it.",
			"%[1]s（%[2]s）已 %[4]s读不到本机状态：%[5]s。在容器中运行时，请挂载 /sys 与 /proc。"},
		"timeout": {
			"%[1]s (%[2]s) has read nothing of the board for %[4]s: %[5]s. A part that the kernel reads itself may hold it up: look into dmesg.",
			"%[1]s（%[2]s）已 %[4]s读不到本机状态：%[5]s。可能是内核自己读取的某个器件卡住了：请查看 dmesg。"},
	},
	"gpio": {
		"unplugged": {
			"The chip of %[1]s (%[2]s, %[3]s) has been gone for %[4]s: %[5]s.",
			"%[1]s（%[2]s，%[3]s）所在的 GPIO 芯片已消失 %[4]s：%[5]s。"},
		"busy": {
			"The line of %[1]s (%[2]s, %[3]s) has been held by another program for %[4]s: %[5]s. Stop that program.",
			"%[1]s（%[2]s，%[3]s）的引脚已被其他程序占用 %[4]s：%[5]s。请停止该程序。"},
		"exception": {
			"The chip of %[1]s (%[2]s, %[3]s) refuses what the configuration asks of it: %[5]s.",
			"%[1]s（%[2]s，%[3]s）所在的芯片不支持所配置的功能：%[5]s。"},
	},
}

var edgesGone = text{
	"%[1]s (%[3]s): %[2]d edges of its counters were lost in the last hour; totals are too low by up to half of that. More edges come than this board can take: set debounce or spacing, and look for a bouncing or disturbed contact.",
	"%[1]s（%[3]s）：最近一小时计数丢失 %[2]d 个沿，累计值最多偏低其半数。脉冲过密，超出本板处理能力：请设置 debounce 或 spacing，并检查触点是否抖动或受干扰。"}
