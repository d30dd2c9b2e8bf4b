package health

import (
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// learning says what a device that answers does not judge yet, the gravest thing alone.
func learning(d Device) []wire.Health {
	l := d.Learning
	switch {
	case l.Stands >= standsFor:
		return one("device-hidden", "warn", d.ID, hidden, d.ID, d.Part, d.Where, span(l.Stands), span(max(l.Settles-l.Stands, 0)))
	case len(l.Waits) > 0 && l.Unkept:
		return one("device-learning", "info", d.ID, waitsUnkept, d.ID, d.Part, d.Where, span(roundUp(l.For)), strings.Join(l.Waits, ", "))
	case len(l.Waits) > 0:
		return one("device-learning", "info", d.ID, waits, d.ID, d.Part, d.Where, span(roundUp(l.For)), strings.Join(l.Waits, ", "))
	case d.Renewed > 0:
		return one("device-renewed", "info", d.ID, renewed, d.ID, d.Part, d.Where, span(d.Renewed))
	case l.Hours > 0 && l.Unkept:
		return one("device-learning", "info", d.ID, hoursUnkept, d.ID, d.Part, d.Where, 24-l.Hours, l.Hours)
	case l.Hours > 0:
		return one("device-learning", "info", d.ID, hours, d.ID, d.Part, d.Where, 24-l.Hours, l.Hours)
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

// Arguments: 1 device, 2 part, 3 where, 4 hours of the day that are known, 5 that are not.
var (
	hours = text{
		"%[1]s (%[2]s, %[3]s) works and judges everything. It knows %[4]d of the 24 hours of the day, about %[5]d h more are needed; in the others clarity and tamper compare with what was seen lately. A restart takes nothing of this.",
		"%[1]s（%[2]s，%[3]s）工作正常，各项均在判断。一天 24 个钟点已掌握 %[4]d 个，约还需 %[5]d 小时；其余钟点的清晰度和干扰与最近所见相比。重启不会丢失。"}
	hoursUnkept = text{
		"%[1]s (%[2]s, %[3]s) works and judges everything. It knows %[4]d of the 24 hours of the day, about %[5]d h more are needed; in the others clarity and tamper compare with what was seen lately. What it knows is kept over a restart from ten minutes of the view on.",
		"%[1]s（%[2]s，%[3]s）工作正常，各项均在判断。一天 24 个钟点已掌握 %[4]d 个，约还需 %[5]d 小时；其余钟点的清晰度和干扰与最近所见相比。看满十分钟后，重启不会丢失。"}
)

// Arguments: 1 device, 2 part, 3 where, 4 for how long, 5 for how much longer.
var (
	hidden = text{
		"Something sharp has stood before the view of %[1]s (%[2]s, %[3]s) for %[4]s. If it does not belong there, take it away. If the scene has changed for good, a wall or a parked lorry, say so: \"This is the view now\" on the camera's page, or another word for view in the configuration. Otherwise it becomes the view when it has been seen for another %[5]s.",
		"%[1]s（%[2]s，%[3]s）的视野前有清晰的物体，已 %[4]s。若不应在此，请移走。若场景已永久改变（墙、停放的车辆），请确认：在摄像机页面点“以此为视野”，或在配置中把 view 改为另一个词。否则再看到 %[5]s后，它将成为新的视野。"}
	renewed = text{
		"What %[1]s (%[2]s, %[3]s) sees had changed and stayed so; %[4]s ago it became its view. Look at its picture: do masks, zones and staff still fit?",
		"%[1]s（%[2]s，%[3]s）所见已改变且一直未恢复；%[4]s前已成为新的视野。请查看画面：遮蔽、区域和水尺是否仍然合适？"}
)
