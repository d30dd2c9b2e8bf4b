package wire

import (
	"regexp"
	"strings"
)

// details are the sentences that an actuation's detail can be, but for what the hardware
// itself says, and each in Chinese.
var details = []struct {
	en *regexp.Regexp
	zh string
}{
	{regexp.MustCompile(`^it was on already, and stays on for those who ask$`), "原已开启，其他要求仍在，保持开启"},
	{regexp.MustCompile(`^it was off already$`), "原已关闭"},
	{regexp.MustCompile(`^it stays off for (\S+)$`), "须保持关闭 ${1}"},
	{regexp.MustCompile(`^it was switched on (\d+) times in an hour already$`), "一小时内已开启 ${1} 次"},
	{regexp.MustCompile(`^it rests after a fault$`), "故障后暂停"},
	{regexp.MustCompile(`^its interlock is unknown: (.+) under maintenance$`), "联锁条件不明：${1} 维护中"},
	{regexp.MustCompile(`^its interlock is unknown$`), "联锁条件不明"},
	{regexp.MustCompile(`^its interlock is false$`), "联锁条件不成立"},
	{regexp.MustCompile(`^its interlock is true$`), "联锁条件成立"},
	{regexp.MustCompile(`^the feedback says off$`), "反馈为关"},
	{regexp.MustCompile(`^the feedback says on$`), "反馈为开"},
	{regexp.MustCompile(`^the feedback says nothing: it is not known$`), "反馈不明"},
	{regexp.MustCompile(`^the hardware has not come back from a call for (\S+); restart the gateway if this stays so$`), "硬件已 ${1} 无返回；若一直如此请重启网关"},
	{regexp.MustCompile(`^the hardware did not take off before the gateway ended$`), "网关停止前硬件没有接受关闭"},
	{regexp.MustCompile(`^the gateway stops, or takes over another configuration$`), "网关正在停止，或正在切换到另一份配置"},
	{regexp.MustCompile(`^it may be on for at most (\S+)$`), "最多可开启 ${1}"},
	{regexp.MustCompile(`^it is being switched off, and the hardware has not taken that yet$`), "正在关闭，硬件尚未接受"},
}

// DetailIn is an actuation's detail for people: English is what travels and is kept, "zh" is
// that in Chinese. What a driver said of its hardware stays as it is.
func DetailIn(detail, lang string) string {
	if lang != "zh" {
		return detail
	}
	if head, wait, later := strings.Cut(detail, "; try again in "); later {
		return DetailIn(head, lang) + "；请在 " + wait + " 后重试"
	}
	for _, d := range details {
		if at := d.en.FindStringSubmatchIndex(detail); at != nil {
			return string(d.en.ExpandString(nil, d.zh, detail, at))
		}
	}
	return detail
}
