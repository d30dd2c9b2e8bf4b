package command

import (
	"fmt"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/modbus"
	"github.com/lamppost-city/lamppost/drivers/profile"
	"github.com/lamppost-city/lamppost/drivers/uart"
)

// warmUpText says how long a part's values do not count after it was opened, and
// warmUpSource who says so; what nobody states is said to be that, it is not none.
func warmUpText(f *profile.Head, lang string) string {
	switch {
	case f.WarmUp > 0:
		return secondsText(f.WarmUp)
	case f.WarmUpSource != "":
		return pick(lang, "none", "无需预热")
	}
	return pick(lang, "not stated", "未说明")
}

func warmUpSource(f *profile.Head, lang string) string {
	if f.WarmUpSource != "" {
		return f.WarmUpSource
	}
	if f.WarmUp > 0 {
		return pick(lang, "the profile names no source", "型号文件未注明依据")
	}
	return pick(lang, "not by the maker in the text at hand; its first values count. If it needs time, write warm_up: in a copy of this file", "现有厂家资料未提及，首个数值即计入；若确需预热，请在本文件的副本中写入 warm_up:")
}

// secondsText writes a time as one reads it on a data sheet: 60 s, 3 min.
func secondsText(d time.Duration) string {
	if d >= 2*time.Minute && d%time.Minute == 0 {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%g s", d.Seconds())
}

// deliveredText says how a part's line is set as it is delivered, as far as its source
// says: 9600 8N1, address 1. What the source leaves out is named; all of it left out is
// a dash.
func deliveredText(p profile.Profile, lang string) string {
	var words []string
	line, address := delivered(p)
	switch {
	case line.Baud > 0 && line.Parity != "" && line.StopBits > 0:
		words = append(words, fmt.Sprintf("%d %s", line.Baud, formOf(line)))
	case line.Baud > 0:
		words = append(words, fmt.Sprint(line.Baud))
	case line.Parity != "":
		words = append(words, fmt.Sprintf(pick(lang, "%s, speed not stated", "%s，速率未说明"), formOf(line)))
	case address > 0:
		words = append(words, pick(lang, "line not stated", "线路参数未说明"))
	}
	if address > 0 {
		words = append(words, fmt.Sprintf(pick(lang, "address %d", "地址 %d"), address))
	}
	return dash(strings.Join(words, pick(lang, ", ", "，")))
}

// lineAsk is what to do about a part whose source does not say how its line is set.
func lineAsk(p profile.Profile, lang string) string {
	line, address := delivered(p)
	_, onBus := p.(*modbus.Profile)
	if line.Baud > 0 && (address > 0 || !onBus) {
		return ""
	}
	return pick(lang, "ask the seller for the Modbus sheet of this part; without one connect it alone, set the bus to 9600 8N1 and try "+
		"`lamppost read DEVICE` with address 1, then 4800 and 19200, 8N1 and 8E1", "请向供应商索取该部件的 Modbus 说明；没有时单独接上该部件，先把总线设为 9600 8N1、"+
		"地址设为 1 用 `lamppost read 设备` 试读，再试 4800、19200，以及 8N1、8E1")
}

// delivered is how a part's line is set as it is delivered; what is 0 or empty is not
// stated. A part on a line of its own has no address.
func delivered(p profile.Profile) (line drivers.LineSettings, address int) {
	switch p := p.(type) {
	case *modbus.Profile:
		return p.Line.Settings(), int(p.Address)
	case *uart.Profile:
		return p.Line.Settings(), 0
	}
	return drivers.LineSettings{}, 0
}

// formOf writes data bits, parity and stop bits in the short form: 8N1.
func formOf(l drivers.LineSettings) string {
	parity := map[string]string{"even": "E", "odd": "O"}[l.Parity]
	if parity == "" {
		parity = "N"
	}
	return fmt.Sprintf("8%s%d", parity, max(l.StopBits, 1))
}
