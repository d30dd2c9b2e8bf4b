package health

import (
	"fmt"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// Rule is a rule that does not judge.
type Rule struct {
	ID      string
	Stopped string // what its evaluation said when it panicked; empty: it did not
}

// Upkeep is that somebody works on a device, or on all of the site.
type Upkeep struct {
	Device string        // empty: the whole site
	Left   time.Duration // until it ends by itself
	By     string
	Rules  []string // that do not judge meanwhile
	// Outputs stay off meanwhile: their interlocks read what is worked on.
	Outputs []string
}

// Arguments: 1 rule, 2 what it said.
var ruleStopped = text{
	"Rule %[1]s was stopped: the program has a bug in judging it (%[2]s). Its alert stays as it was, the other rules go on. Write the rule in another way and reload, and send us its text.",
	"规则 %[1]s 已停用：程序在计算该规则时出错（%[2]s）。其报警保持原状，其他规则照常运行。请换一种写法后重新加载，并把规则原文发给我们。"}

// Arguments: 1 device, 2 time left, 3 who, 4 rules, 5 what upkeepOutputs says.
var (
	upkeepDevice = text{
		"%[1]s is under maintenance for another %[2]s (%[3]s). Rules that read it neither raise nor clear: %[4]s.%[5]s End it sooner with lamppost maintenance off %[1]s.",
		"%[1]s 正在维护，还剩 %[2]s（%[3]s）。读取它的规则既不报警也不解除：%[4]s。%[5]s提前结束：lamppost maintenance off %[1]s。"}
	upkeepSite = text{
		"This whole site is under maintenance for another %[2]s (%[3]s). Its rules neither raise nor clear: %[4]s.%[5]s End it sooner with lamppost maintenance off --all.",
		"本站点正在维护，还剩 %[2]s（%[3]s）。所有规则既不报警也不解除：%[4]s。%[5]s提前结束：lamppost maintenance off --all。"}
)

// Arguments: 1 outputs.
var upkeepOutputs = text{
	" Off as long, since their interlocks read it: %[1]s.",
	"联锁读取它、因而保持关闭的输出：%[1]s。"}

// Target is a machine of the site that could not be told of alerts.
type Target struct {
	ID      string
	Error   string
	For     time.Duration // since when
	Waiting int           // alerts that it has not been told of
	Refused bool          // it will not take what it is told
}

// Arguments: 1 target, 2 for how long, 3 alerts that wait, 4 what it said.
var (
	targetFails = text{
		"%[1]s could not be told of alerts for %[2]s: %[4]s. %[3]d wait; it is tried again at least once a minute, each for an hour. Is the machine on, is the address under notify right, does curl reach it from here?",
		"%[2]s以来无法把告警通知给 %[1]s：%[4]s。有 %[3]d 条在等待；至少每分钟重试一次，每条最多一小时。对方是否开机、notify 中的地址是否正确、从本机用 curl 能否访问？"}
	targetRefuses = text{
		"%[1]s refused an alert, so it was not told of it: %[4]s. Look at its log; is the address, the secret or the password under notify right?",
		"%[1]s 拒收了一条告警，因此未被通知：%[4]s。请查看对方日志；notify 中的地址、密钥或密码是否正确？"}
)

func targets(all []Target) (out []wire.Health) {
	for _, t := range all {
		words := targetFails
		if t.Refused {
			words = targetRefuses
		}
		out = append(out, one("notify-failed", "warn", t.ID, words, t.ID, span(t.For), t.Waiting, t.Error)...)
	}
	return out
}

func rules(all []Rule) (out []wire.Health) {
	for _, r := range all {
		if r.Stopped != "" {
			out = append(out, one("rule-stopped", "fail", r.ID, ruleStopped, r.ID, r.Stopped)...)
		}
	}
	return out
}

func upkeep(all []Upkeep) (out []wire.Health) {
	for _, u := range all {
		t := upkeepDevice
		if u.Device == "" {
			t = upkeepSite
		}
		out = append(out, one("maintenance", "info", u.Device, t, u.Device, span(u.Left.Round(time.Minute)), u.By, listed(u.Rules), barred(u.Outputs))...)
	}
	return out
}

// barred says which outputs are held off, if any.
func barred(outputs []string) text {
	if len(outputs) == 0 {
		return text{}
	}
	return text{fmt.Sprintf(upkeepOutputs.en, listed(outputs)), fmt.Sprintf(upkeepOutputs.zh, listed(outputs))}
}

// listed names a few of many.
func listed(ids []string) string {
	const some = 8
	switch {
	case len(ids) == 0:
		return "–"
	case len(ids) > some:
		return strings.Join(ids[:some], ", ") + " …"
	default:
		return strings.Join(ids, ", ")
	}
}
