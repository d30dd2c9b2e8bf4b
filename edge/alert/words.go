package alert

import "github.com/lamppost-city/lamppost/drivers/obs"

// measured turns a stream's metric into that of what the rule compared.
func measured(m obs.Metric, quantity string) obs.Metric {
	switch quantity {
	case "per-hour":
		m.Unit, m.Wire, m.Text = m.Unit+"/h", m.Wire+"/h", m.Text+"/h"
		m.Label = obs.Label{ZH: m.Label.ZH + "变化率", EN: m.Label.EN + ", change"}
	case "seconds":
		m.Unit, m.Wire, m.Text, m.Decimals = "s", "s", "s", 0
		m.Label = obs.Label{ZH: m.Label.ZH + "无数据时长", EN: m.Label.EN + ", time without data"}
	case "unmoved":
		m.Unit, m.Wire, m.Text, m.Decimals = "s", "s", "s", 0
		m.Label = obs.Label{ZH: m.Label.ZH + "不变时长", EN: m.Label.EN + ", time without movement"}
	case "until":
		m.Unit, m.Wire, m.Text, m.Decimals = "s", "s", "s", 0
		m.Label = obs.Label{ZH: m.Label.ZH + "预计到达时间", EN: m.Label.EN + ", expected in"}
	case "number":
		m.Unit, m.Wire, m.Text, m.Decimals = "1", "/", "", 0
		m.Label = obs.Label{ZH: m.Label.ZH + "读数个数", EN: m.Label.EN + ", number of readings"}
	case "other":
		m.Unit, m.Wire, m.Text = "", "", ""
	}
	return m
}

// apart is how many decimals are needed to tell a value from its limit, at least
// the metric's own: nobody believes 3.00 to be above 3.00.
func apart(m obs.Metric, value, limit *float64) int {
	own := m.Decimals
	if value == nil || limit == nil || *value == *limit {
		return own
	}
	for ; m.Decimals < 9; m.Decimals++ {
		if m.Format(*value) != m.Format(*limit) {
			return m.Decimals
		}
	}
	return own
}
