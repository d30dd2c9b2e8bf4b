package health

import (
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// learning says what a device that answers does not judge yet, the gravest thing alone.
func learning(d Device) []wire.Health {
	l := d.Learning
	switch {
	case l.Stands >= standsFor:
		return one("device-hidden", "warn", d.ID, hidden, d.ID, d.Part, d.Where, span(l.Stands), span(max(l.Settles-l.Stands, 0)), unjudged(l))
	case hindrances[l.Why] != (text{}):
		level := "warn"
		if l.Why == "dark" { // by night that may be as it should be
			level = "info"
		}
		return one("device-unjudged", level, d.ID, hindered, d.ID, d.Part, d.Where, hindrances[l.Why], unjudged(l))
	case len(l.Waits) > 0 && l.Unkept:
		return one("device-learning", "info", d.ID, waitsUnkept, d.ID, d.Part, d.Where, span(roundUp(l.For)), strings.Join(l.Waits, ", "))
	case len(l.Waits) > 0:
		return one("device-learning", "info", d.ID, waits, d.ID, d.Part, d.Where, span(roundUp(l.For)), strings.Join(l.Waits, ", "))
	case d.Renewed > 0:
		return one("device-renewed", "info", d.ID, renewed, d.ID, d.Part, d.Where, span(d.Renewed))
	case l.Hours > 0 && l.Unkept:
		return one("device-learning", "info", d.ID, hoursUnkept, d.ID, d.Part, d.Where, 24-l.Hours, l.Hours, judging(l))
	case l.Hours > 0:
		return one("device-learning", "info", d.ID, hours, d.ID, d.Part, d.Where, 24-l.Hours, l.Hours, judging(l))
	}
	return nil
}

// standsFor is how long something has to stand before a view to be worth a word of its own.
const standsFor = time.Hour

// roundUp is a time in steps of ten seconds, one at least: the list is sent when it changes.
func roundUp(d time.Duration) time.Duration {
	const step = 10 * time.Second
	return max((d+step-1)/step*step, step)
}

// Arguments: 1 device, 2 part, 3 where, and 4 for how much longer, 5 channels.
var (
	waits = text{
		"%[1]s (%[2]s, %[3]s) works, and is learning what it sees: for about %[4]s more these are not evaluated: %[5]s. Pictures in the dark do not count.",
		"%[1]s（%[2]s，%[3]s）工作正常，正在学习所见画面：约 %[4]s内以下测点不作判断：%[5]s。黑暗中的画面不计。"}
	waitsUnkept = text{
		"%[1]s (%[2]s, %[3]s) works, and is learning its view: for about %[4]s more these are not evaluated: %[5]s. Pictures in the dark do not count. A restart within the first ten minutes begins this anew.",
		"%[1]s（%[2]s，%[3]s）工作正常，正在学习视野：约 %[4]s内以下测点不作判断：%[5]s。黑暗中的画面不计。前十分钟内重启将重新学习。"}
)

// unjudged are the channels that have no value, for whatever reason.
func unjudged(l drivers.Learning) text {
	all := strings.Join(append(slices.Clone(l.Unclear), l.Waits...), ", ")
	if all == "" {
		return text{"nothing", "无"}
	}
	return text{all, all}
}

// judging says what of a device that has learned its view was judged in the last sample.
func judging(l drivers.Learning) text {
	if len(l.Unclear) == 0 {
		return judgesAll
	}
	all := unjudged(l)
	return text{judgesSome.en + all.en, judgesSome.zh + all.zh}
}

var (
	judgesAll  = text{"works and judges everything", "工作正常，各项均在判断"}
	judgesSome = text{"works; its last picture did not show what these measure: ", "工作正常；最近一幅画面无法判断以下测点："}
)

// Arguments: 1 device, 2 part, 3 where, 4 what stands in the way and what to do, 5 channels.
var (
	hindered = text{
		"%[1]s (%[2]s, %[3]s) sends pictures, but %[4]s Not evaluated meanwhile: %[5]s.",
		"%[1]s（%[2]s，%[3]s）有画面，但%[4]s在此期间不作判断：%[5]s。"}
	hindrances = map[string]text{
		"blank": {
			"what it has seen since its view was to be learned has next to no edges: the lens is covered, fogged or looks at something plain. That is no view, and nothing is compared with it. Free the lens or turn the camera; within two minutes of pictures a second apart it judges by what it sees then.",
			"自开始学习视野以来，画面几乎没有轮廓：镜头被遮挡、起雾，或正对空白的物体。这不能作为视野，不与之比较。请清理镜头或调整摄像机方向；每秒一幅画面时，约两分钟内将按所见画面判断。"},
		"blocked": {
			"something is before the lens, or on it. Take it away.",
			"镜头前或镜头上有遮挡物，请移开。"},
		"defocused": {
			"it is out of focus. Wipe the lens, or focus it.",
			"画面失焦，请擦拭镜头或重新对焦。"},
		"moved": {
			"it looks somewhere else. Turn it back; if it is meant to look there, say so: \"This is the view now\" on the camera's page, or another word for view in the configuration.",
			"镜头方向已改变。请转回原位；若有意如此，请确认：在摄像机页面点“以此为视野”，或在配置中把 view 改为另一个词。"},
		"glare": {
			"a light dazzles it.",
			"画面被强光照射而过曝。"},
		"dark": {
			"it is too dark to see anything.",
			"光线太暗，看不清任何物体。"},
	}
)

// Arguments: 1 device, 2 part, 3 where, 4 hours of the day that are known, 5 that are not, 6 what is judged.
var (
	hours = text{
		"%[1]s (%[2]s, %[3]s) %[6]s. It knows %[4]d of the 24 hours of the day, about %[5]d h more are needed; in the others clarity and tamper compare with what was seen lately. A restart takes nothing of this.",
		"%[1]s（%[2]s，%[3]s）%[6]s。一天 24 个钟点已掌握 %[4]d 个，约还需 %[5]d 小时；其余钟点的清晰度和干扰与最近所见相比。重启不会丢失。"}
	hoursUnkept = text{
		"%[1]s (%[2]s, %[3]s) %[6]s. It knows %[4]d of the 24 hours of the day, about %[5]d h more are needed; in the others clarity and tamper compare with what was seen lately. What it knows is kept over a restart from ten minutes of the view on.",
		"%[1]s（%[2]s，%[3]s）%[6]s。一天 24 个钟点已掌握 %[4]d 个，约还需 %[5]d 小时；其余钟点的清晰度和干扰与最近所见相比。看满十分钟后，重启不会丢失。"}
)

// Arguments: 1 device, 2 part, 3 where, 4 for how long, 5 for how much longer, 6 channels.
var (
	hidden = text{
		"Something sharp has stood before the view of %[1]s (%[2]s, %[3]s) for %[4]s. If it does not belong there, take it away. If the scene has changed for good, a wall or a parked lorry, say so: \"This is the view now\" on the camera's page, or another word for view in the configuration. Otherwise it becomes the view when it has been seen for another %[5]s. Not evaluated meanwhile: %[6]s.",
		"%[1]s（%[2]s，%[3]s）的视野前有清晰的物体，已 %[4]s。若不应在此，请移走。若场景已永久改变（墙、停放的车辆），请确认：在摄像机页面点“以此为视野”，或在配置中把 view 改为另一个词。否则再看到 %[5]s后，它将成为新的视野。在此期间不作判断：%[6]s。"}
	renewed = text{
		"What %[1]s (%[2]s, %[3]s) sees had changed and stayed so; %[4]s ago it became its view. Look at its picture: do masks, zones and staff still fit?",
		"%[1]s（%[2]s，%[3]s）所见已改变且一直未恢复；%[4]s前已成为新的视野。请查看画面：遮蔽、区域和水尺是否仍然合适？"}
)
