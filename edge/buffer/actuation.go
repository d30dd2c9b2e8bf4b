package buffer

import "github.com/lamppost-city/lamppost/edge/wire"

// actuation says what was switched, why, and what became of it: "on, rule
// river-high: done".
func actuation(a wire.Actuation, pick func(en, zh string) string) string {
	text := pick("off", "关")
	if a.On {
		text = pick("on", "开")
	}
	why := map[wire.Why]string{
		wire.WhyRule: pick("rule", "规则"), wire.WhyCommand: pick("command", "命令"), wire.WhyInterlock: pick("interlock", "联锁"),
		wire.WhyLimit: pick("limit", "限值"), wire.WhySafe: pick("safe state", "安全状态"), wire.WhyFault: pick("fault", "故障"),
	}[a.Why]
	result := map[wire.Result]string{
		wire.Done: pick("done", "完成"), wire.Failed: pick("failed", "失败"), wire.Blocked: pick("not allowed", "不允许"),
		wire.Astray: pick("not confirmed", "未确认"), wire.Recovered: pick("confirmed again", "恢复"),
	}[a.Result]
	if text += pick(", ", "，") + why; a.By != "" {
		text += " " + a.By
	}
	if text += pick(": ", "："); a.Detail == "" {
		return text + result
	}
	return text + result + pick(" (", "（") + pick(a.Detail, wire.DetailIn(a.Detail, "zh")) + pick(")", "）")
}
