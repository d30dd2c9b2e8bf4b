package health

// Arguments of the sentences about a line: 1 line, 2 path, then what the sentence is
// about.
var (
	unswitched = text{
		"Nothing answers on %[1]s, and nobody here switches its RS-485 transceiver: the driver of %[2]s cannot. If the transceiver hangs on RTS, write rs485: rts at the bus (or rts-low, if it sends while RTS is low). A board that switches by itself needs nothing: then check the A/B wires, termination and speed.",
		"%[1]s 无应答，且本机没有任何一方切换其 RS-485 收发方向：%[2]s 的驱动不支持。若收发器由 RTS 控制，请在该总线写 rs485: rts（RTS 为低时发送则写 rts-low）。能自动切换的板卡无需设置，请检查 A/B 线、终端电阻和波特率。"}
	swapped = text{
		"Another adapter is plugged in under the name of %[1]s (%[2]s): it was %[3]s, now it is %[4]s. If that is not meant so, look which cable goes where; lamppost ports shows the name that stays with each adapter.",
		"%[1]s（%[2]s）对应的转换器已更换：原为 %[3]s，现为 %[4]s。若非有意更换，请核对接线；lamppost ports 可查看每个转换器的固定名称。"}
	crowdedLine = text{
		"%[1]s (%[2]s) has been busy %[3]s of the last minute: its devices wait for each other, and readings come late. Ask less often (every), raise the speed of the line and its devices, or move some to a second line.",
		"%[1]s（%[2]s）最近一分钟占用率 %[3]s：设备相互等待，读数会延迟。请延长 every、提高线路和设备的波特率，或把部分设备移到另一条线路。"}
	// of a wire whose standard knows one speed, as SDI-12 does with 1200 baud
	crowdedFixed = text{
		"%[1]s (%[2]s) has been busy %[3]s of the last minute: its devices wait for each other, and readings come late. Ask less often (every), or move some devices to a second line; the speed of this wire is fixed.",
		"%[1]s（%[2]s）最近一分钟占用率 %[3]s：设备相互等待，读数会延迟。请延长 every，或把部分设备移到另一条线路；此类总线的速率是固定的。"}
)
