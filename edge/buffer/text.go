package buffer

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// gapWords are the reasons of a gap, in the words of wire.Gap.Why and those of the
// journal's own losses.
var gapWords = map[string]struct{ en, zh string }{
	"stopped":   {"the gateway was stopped", "网关被停止"},
	"killed":    {"the program ended without notice", "程序意外结束"},
	"power":     {"the power failed", "断电"},
	"disk-full": {"the disk was full", "磁盘已满"},
	"overflow":  {"the disk took nothing and memory was full", "磁盘无法写入且内存已满"},
	"damage":    {"the disk gave back other bytes than were written", "存储卡读出的内容与写入不符"},
	"quota":     {"the journal was full before a store had it", "数据缓存写满时尚未上传"},
	"overload":  {"there was more than the gateway can take", "数据量超出网关能力"},
}

// GapReason says why data is missing, in zh or en; a word that is not known stays
// as it is.
func GapReason(why, lang string) string {
	w, ok := gapWords[why]
	switch {
	case !ok:
		return why
	case lang == "zh":
		return w.zh
	}
	return w.en
}

// Text says in one line what an event or alert is; empty for a reading.
func (e *Entry) Text(lang string) string {
	zh := lang == "zh"
	switch {
	case e.Alert != nil:
		return cmp.Or(e.Alert.Text[lang], e.Alert.Text["en"], e.Alert.Rule)
	case e.Kind == Image && zh:
		return fmt.Sprintf("照片，%d 字节", e.Bytes)
	case e.Kind == Image:
		return fmt.Sprintf("picture, %d bytes", e.Bytes)
	case e.Event == nil:
		return ""
	case e.Event.Gap != nil && zh:
		return "数据缺口：" + GapReason(e.Event.Gap.Why, lang)
	case e.Event.Gap != nil:
		return "gap: " + GapReason(e.Event.Gap.Why, lang)
	}
	return e.happening(zh)
}

// happening says what the other events are.
func (e *Entry) happening(zh bool) string {
	pick := func(en, chinese string) string {
		if zh {
			return chinese
		}
		return en
	}
	ev := e.Event
	switch {
	case ev.Boot != nil:
		return pick("started, version ", "启动，版本 ") + ev.Boot.Version
	case ev.Anchor != nil:
		return pick("clock trusted, by ", "时钟已校准，来源 ") + ev.Anchor.Source
	case ev.Config != nil:
		return pick("configuration ", "配置 ") + ev.Config.Hash
	case ev.Device != nil && ev.Device.Up:
		return pick("device is back", "设备恢复")
	case ev.Device != nil:
		return pick("device is gone: ", "设备失联：") + ev.Device.Why
	case ev.Actuation != nil:
		return actuation(*ev.Actuation, pick)
	case ev.Maintenance != nil && ev.Maintenance.On:
		return pick("maintenance begins, ", "开始维护，") + ev.Maintenance.By
	case ev.Maintenance != nil:
		return strings.TrimSuffix(pick("maintenance ends, ", "维护结束，")+ev.Maintenance.By, pick(", ", "，"))
	case ev.Missing != nil:
		return fmt.Sprintf(pick("pictures of alerts that never come: %d; %s", "不会再有的告警画面：%d 张；%s"), len(ev.Missing.Images), missingReason(ev.Missing.Why, pick))
	case ev.Unrest != nil && ev.Unrest.On:
		return fmt.Sprintf(pick("alert of %s comes and goes, %d changes; kept at its worst", "%s 的告警反复，%d 次变化；保持最严重时的状态"), ev.Unrest.Rule, ev.Unrest.Changes)
	case ev.Unrest != nil:
		return fmt.Sprintf(pick("alert of %s has calmed down", "%s 的告警不再反复"), ev.Unrest.Rule)
	}
	return ev.Kind
}

// missingReason says why pictures never come.
func missingReason(why string, pick func(en, zh string) string) string {
	switch why {
	case wire.NotTaken:
		return pick("the camera gave none in time", "摄像头没有及时给出画面")
	case wire.NotRun:
		return pick("the gateway did not run when they were due", "到时网关没有运行")
	case wire.NoCamera:
		return pick("the camera is not configured any more", "摄像头已不在配置中")
	case wire.NoRoom:
		return pick("newer ones needed the room", "为更新的画面腾出空间")
	case wire.TooOld:
		return pick("no store took them in all their time", "保留期内一直没有传出")
	case wire.Unread:
		return pick("they could not be read back", "无法读回")
	case wire.NotToSend:
		return pick("they are too large to be sent", "过大，无法传输")
	}
	return why
}
