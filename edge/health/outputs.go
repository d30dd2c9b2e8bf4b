package health

import (
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// Output is an output with which something is wrong.
type Output struct {
	ID     string
	On     bool   // what it should be
	Fault  string // a fault word of its hardware, stuck, or astray: the feedback does not agree
	Detail string // the error in full
	For    time.Duration
}

// Arguments: 1 output, 2 on or off, 3 since when, 4 detail.
var (
	outputAstray = text{
		"Output %[1]s should be %[2]s, and for %[3]s its feedback has not agreed: %[4]s. Look at it: fuse, contactor, wiring of the feedback. It is set again by itself.",
		"输出 %[1]s 应为%[2]s，但反馈已 %[3]s不一致：%[4]s。请到现场检查保险、接触器和反馈接线。网关会自动重复设置。"}
	outputStuck = text{
		"Output %[1]s should be %[2]s, and its hardware has hung for %[3]s: %[4]s. Check the output by hand now; if it does not recover, restart the gateway.",
		"输出 %[1]s 应为%[2]s，但硬件已 %[3]s无返回：%[4]s。请立即人工确认输出状态；若未恢复，请重启网关。"}
	outputOffFails = text{
		"Output %[1]s cannot be switched off, for %[3]s: %[4]s. It may still be on: switch it off by hand, then check its supply and wiring. The gateway goes on trying.",
		"输出 %[1]s 已 %[3]s无法关闭：%[4]s。它可能仍在开启：请先人工关闭，再检查供电和接线。网关会持续重试。"}
	outputOnFails = text{
		"Output %[1]s cannot be switched on, for %[3]s: %[4]s. Check its supply, wiring and address. The gateway goes on trying while it is wanted.",
		"输出 %[1]s 已 %[3]s无法开启：%[4]s。请检查供电、接线和地址。仍需开启期间网关会持续重试。"}
	stateOn  = text{"on", "开"}
	stateOff = text{"off", "关"}
)

// output explains an output that does not do as it is told.
func output(o Output) []wire.Health {
	state, t := stateOff, outputOffFails
	if o.On {
		state, t = stateOn, outputOnFails
	}
	switch o.Fault {
	case "":
		return nil
	case "astray":
		t = outputAstray
	case "stuck":
		t = outputStuck
	}
	return one("output-"+o.Fault, "fail", o.ID, t, o.ID, state, span(o.For), text{o.Detail, wire.DetailIn(o.Detail, "zh")})
}
