package command

import (
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/bus/adapter"
	"github.com/lamppost-city/lamppost/edge/config"
)

// render writes a block for each port, its lasting name first.
func (s *ports) render(w io.Writer, lang string) error {
	var b strings.Builder
	if len(s.all) == 0 {
		b.WriteString(pick(lang, "no serial port on this machine: no UART, and no adapter is plugged in", "本机没有串口：没有 UART，也未插入转换器") + "\n")
	}
	for i, v := range s.all {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(v.Stable() + "\n")
		rows := [][]string{{"", pick(lang, "now", "当前"), v.now(lang)}}
		if v.asked {
			rows = append(rows, []string{"", "RS-485", v.rs485(lang)})
		}
		rows = append(rows, []string{"", pick(lang, "held by", "占用"), v.held(lang)}, []string{"", pick(lang, "used by", "用途"), v.used(lang)})
		if err := columns(&b, rows); err != nil {
			return err
		}
	}
	for _, v := range s.all {
		for _, u := range v.doubtful() {
			fmt.Fprintf(&b, pick(lang, "# %s names %s, which can come to mean another adapter; write %s\n", "# %s 写的是 %s，可能变为指向另一个转换器；请改写为 %s\n"), u.key, u.path, v.Stable())
		}
	}
	for _, u := range s.absent {
		fmt.Fprintf(&b, pick(lang, "# %s names %s, which is not there; plug the adapter in, or write one of the names above\n", "# %s 写的是 %s，该端口不存在；请插入转换器，或改写为上面的名称之一\n"), u.key, u.path)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// now says what is plugged in, and where.
func (v surveyed) now(lang string) string {
	parts := []string{v.Node}
	if v.USB != nil {
		parts = append(parts, v.String())
		if v.USB.Serial != "" {
			parts = append(parts, pick(lang, "serial number ", "序列号 ")+v.USB.Serial)
		}
		parts = append(parts, pick(lang, "USB socket ", "USB 口 ")+v.USB.Socket)
	}
	if v.Driver != "" {
		parts = append(parts, pick(lang, "driver ", "驱动 ")+v.Driver)
	}
	text := strings.Join(parts, pick(lang, ", ", "，"))
	if v.Twin {
		text += pick(lang, "; another one of this make is plugged in, and neither has a serial number: the name is that of the socket", "；另有同型号转换器且均无序列号，因此名称取自 USB 口")
	}
	return text
}

// rs485 says who switches a transceiver on this port.
func (v surveyed) rs485(lang string) string {
	switch v.direction() {
	case "on":
		return pick(lang, "the kernel switches, it is on", "由内核切换收发方向（已启用）")
	case "kernel":
		return pick(lang, "the kernel can switch: rs485: auto lets it", "内核可切换收发方向：rs485: auto 会启用")
	case "adapter":
		return pick(lang, "the adapter has to switch by itself, as most do: its driver has no RS-485 mode", "由转换器自动切换收发方向（多数如此）：其驱动没有 RS-485 模式")
	case "none":
		text := pick(lang, "nobody switches here: the driver has no RS-485 mode. A board that switches by itself needs nothing", "本机不切换收发方向：驱动没有 RS-485 模式。能自动切换的板卡无需设置")
		if v.offer.RTS {
			text += pick(lang, "; if the transceiver hangs on RTS, write rs485: rts", "；若收发器由 RTS 控制，请写 rs485: rts")
		}
		return text
	}
	return pick(lang, "cannot be asked: ", "无法查询：") + v.refused.Error()
}

func (v surveyed) held(lang string) string {
	var parts []string
	for _, h := range v.holders {
		parts = append(parts, strings.TrimSpace(h.Program+" ("+strconv.Itoa(h.PID)+")"))
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, ", ")
	case !v.seen:
		return pick(lang, "nobody of yours; sudo shows all", "本用户的程序未占用；用 sudo 可查看全部")
	}
	return "-"
}

func (v surveyed) used(lang string) string {
	var parts []string
	for _, u := range v.uses {
		text := u.key
		if len(u.devices) > 0 {
			text += " (" + strings.Join(u.devices, pick(lang, ", ", "、")) + ")"
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "-"
	}
	return strings.Join(parts, pick(lang, ", ", "，"))
}

// wiredLines say, without opening anything, what the configuration's serial ports are on
// this machine.
func wiredLines(s adapter.System, cfg *config.Config, lang string) (lines []string) {
	for _, u := range uses(cfg) {
		p, ok := s.Find(u.path)
		switch {
		case ok:
			lines = append(lines, fmt.Sprintf(pick(lang, "%s: %s at %s; lamppost ports shows who switches RS-485", "%s：%s，位于 %s；RS-485 由谁切换见 lamppost ports"), u.key, p, filepath.Base(p.Node)))
		case gone(u.path):
			lines = append(lines, fmt.Sprintf(pick(lang, "warning: %s: nothing is plugged in as %s; it is opened as soon as it is there", "警告：%s：%s 不存在；插入后会自动打开"), u.key, u.path))
		}
	}
	return lines
}
