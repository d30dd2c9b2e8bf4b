package command

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
)

func hasChinese(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// Nearly every id that the programs give has its sentence in Chinese, and none is there
// that nothing gives. (One that was added today may still lack it.)
func TestProblemsInChinese(t *testing.T) {
	ids := map[string]bool{}
	for _, pattern := range []string{"../../../edge/config/doc.go", "../../../edge/rule/*.go", "../../../edge/rulepack/*.go", "../../../edge/rehearsal/*.go", "../../../drivers/codec/yamldoc/*.go", "../../../drivers/profile/*.go",
		"../../../drivers/modbus/*.go", "../../../drivers/uart/*.go", "../../../edge/derive/*.go"} {
		files, err := filepath.Glob(pattern)
		must(t, err)
		for _, file := range files {
			src, err := os.ReadFile(file)
			must(t, err)
			for _, id := range regexp.MustCompile(`\b[EW][123][0-9]{3}\b`).FindAllString(string(src), -1) {
				ids[id] = ids[id] || !strings.HasSuffix(file, "_test.go")
			}
		}
	}
	missing := 0
	for id, real := range ids {
		if real && problemsZH[id] == "" {
			missing++
			t.Logf("%s has no Chinese yet", id)
		}
	}
	if missing*20 > len(ids) {
		t.Errorf("%d of %d ids have no Chinese", missing, len(ids))
	}
	for id, title := range problemsZH {
		if !hasChinese(title) {
			t.Errorf("%s is %q", id, title)
		}
		if _, known := ids[id]; !known && len(ids) > 50 && !strings.HasPrefix(id, "E30") {
			t.Errorf("nothing gives %s", id)
		}
	}
}

// Where the flag, the environment or the configuration says so, mistakes and hints are
// Chinese: in this order.
func TestErrorsInChinese(t *testing.T) {
	t.Setenv("LC_ALL", "")
	t.Setenv("LC_MESSAGES", "")
	t.Chdir(t.TempDir())
	write := func(name, text string) { must(t, os.WriteFile(name, []byte(text), 0o600)) }
	write("zh.yaml", "gateway: {id: g, language: zh}\njournal: {dir: .}\noutputs:\n  pump: {command: [/bin/true]}\n")
	write("en.yaml", "gateway: {id: g, language: en}\njournal: {dir: .}\n")
	write("bad.yaml", "gateway: {id: g, language: zh}\njournal: {age: 30}\nbuses:\n  b: {gpio: /dev/null}\n")
	for _, c := range []struct {
		env, args string
		code      int
		want      string
	}{
		{"C.UTF-8", "read pump --config zh.yaml", exitUsage, "错误：pump 是输出，只能控制，不能读取\n提示：lamppost output list 查看状态"},
		{"C.UTF-8", "read pump --config en.yaml", exitUsage, "error: en.yaml has no device \"pump\"\nhint:  it has no devices at all"},
		{"zh_CN.UTF-8", "read river --config en.yaml", exitUsage, "错误：en.yaml 中没有设备 \"river\""},
		{"en_GB.UTF-8", "read river --config zh.yaml", exitUsage, "error: zh.yaml has no device"},
		{"en_GB.UTF-8", "read river --config zh.yaml --lang zh", exitUsage, "错误：zh.yaml 中没有设备"},
		{"C.UTF-8", "record pump -o x.tape --config zh.yaml", exitUsage, "pump 是输出：录制会反复开关它\n提示：确认安全后加 --switch"},
		{"C.UTF-8", "check bad.yaml", exitConfig, "E1108  \"30\" 不是时长"},
		{"C.UTF-8", "check bad.yaml", exitConfig, "请写明单位：30s、30m、30h 或 30d"},
		{"C.UTF-8", "check bad.yaml", exitConfig, "E2505  /dev/null 处不会是总线"},
		{"C.UTF-8", "check bad.yaml", exitConfig, "2 处错误，1 处警告：bad.yaml"},
		{"C.UTF-8", "check bad.yaml --lang en", exitConfig, "2 errors, 1 warning in bad.yaml"},
		{"C.UTF-8", "check zh.yaml", exitOK, "zh.yaml：配置有效"},
		{"C.UTF-8", "check nosuch.yaml --lang zh", exitConfig, "错误：没有文件 nosuch.yaml\n提示：请指定配置文件"},
		{"zh_CN", "profiles show keller", exitUsage, `没有型号 "keller"；是否应为 "keller-33x" 或 "keller-36xw"？`},
		{"en", "profiles show keller", exitUsage, `there is no profile "keller"; did you mean "keller-33x" or "keller-36xw"?`},
		{"zh_CN", "profiles list nosuch", exitUsage, "没有同时包含这些词的型号：nosuch"},
		{"en", "profiles list nosuch", exitUsage, "no profile has all of these words: nosuch"},
		{"zh_CN", "buffer stats --dir nosuch", exitStorage, "错误：没有目录 nosuch\n提示：请指定配置中 journal.dir 的目录"},
		{"zh_CN", "buffer inspect --config zh.yaml --since yesterday", exitUsage, "错误：--since 的值 \"yesterday\" 不是时间"},
		{"zh_CN", "raed", exitUsage, "错误：没有命令 \"raed\"（\"lamppost\"），是否应为 read？"},
	} {
		t.Setenv("LANG", c.env)
		out, errs, code := lamppost(t.Context(), strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(out+errs, c.want) {
			t.Errorf("%s lamppost %s: exit %d, want %d with %q:\n%s%s", c.env, c.args, code, c.code, c.want, out, errs)
		}
	}
}

// What read says at the end depends on the fault and on the wire.
func TestWhatNext(t *testing.T) {
	cfg := &config.Config{Buses: []config.Bus{{ID: "rs", Serial: "/dev/ttyS0"}, {ID: "plant", TCP: "10.0.0.1:502"}}}
	device := func(id string, wire drivers.Wire, bus string) config.Device {
		return config.Device{ID: id, Wire: wire, Bus: bus}
	}
	failed := func(d config.Device, err error) gateway.Outcome { return gateway.Outcome{Device: d, Err: err} }
	river, well := device("river", drivers.ModbusUnit, "rs"), device("well", drivers.ModbusUnit, "rs")
	for _, c := range []struct {
		all    []gateway.Outcome
		en, zh string
	}{
		{[]gateway.Outcome{failed(river, drivers.ErrTimeout), failed(well, drivers.ErrTimeout)}, "river, well: no answer: supply, A/B", "river, well：无应答：依次检查供电、A/B"},
		{[]gateway.Outcome{failed(river, drivers.ErrTimeout), {Device: well}}, "river: others on this line answer", "river：同一线路上其他设备有应答"},
		{[]gateway.Outcome{failed(device("pump", drivers.ModbusUnit, "plant"), drivers.ErrUnplugged)}, "the host cannot be reached", "无法连接主机"},
		{[]gateway.Outcome{failed(device("box", drivers.I2CDevice, "i2c"), drivers.ErrTimeout)}, "SDA and SCL", "SDA/SCL"},
		{[]gateway.Outcome{failed(device("pipe", drivers.OneWireDevice, "w1"), drivers.ErrTimeout)}, "4.7 kΩ", "4.7 kΩ"},
		{[]gateway.Outcome{failed(device("rain", drivers.PulseLine, "gpio"), drivers.ErrBusy)}, "gpioinfo names who", "gpioinfo 显示占用者"},
		{[]gateway.Outcome{failed(device("air", drivers.SerialLine, ""), drivers.ErrProtocol)}, "speed (baud) first", "先查波特率"},
		{[]gateway.Outcome{failed(device("air", drivers.SerialLine, ""), drivers.ErrWrongPart)}, "were two exchanged", "是否接错或互换"},
		{[]gateway.Outcome{failed(device("air", drivers.SerialLine, ""), errors.New("odd")), failed(river, drivers.ErrChecksum)}, "river: frames come damaged: 120 Ω", "river：报文损坏"},
		{[]gateway.Outcome{{Device: river}}, "", ""},
	} {
		for lang, want := range map[string]string{"en": c.en, "zh": c.zh} {
			if got := whatNext(cfg, c.all, lang); !strings.Contains(got, want) || want == "" && got != "" || lang == "zh" && got != "" && !hasChinese(got) {
				t.Errorf("%s: %q, want %q", lang, got, want)
			}
		}
	}
}

// For programs, read tells the state of the instrument apart from what the numbers are
// worth.
func TestReadTellsTheState(t *testing.T) {
	plan := &drivers.Plan{Channels: []drivers.Channel{{Name: "level"}}}
	d := config.Device{ID: "river", Plan: plan, Metrics: []obs.Metric{{Name: "level", Unit: "m"}}}
	with := func(q obs.Quality) gateway.Outcome {
		return gateway.Outcome{Device: d, Readings: []obs.Reading{{Value: 3, Quality: q}}}
	}
	for _, c := range []struct {
		o    gateway.Outcome
		want obs.State
	}{
		{with(obs.Quality{Flag: obs.Pass}), obs.StateOK},
		{with(obs.Quality{Flag: obs.Suspect, Why: obs.Rate}), obs.StateOK}, // of the number only
		{with(obs.Quality{Flag: obs.Fail, Why: obs.WarmUp}), obs.StateWarming},
		{with(obs.Quality{Flag: obs.Fail, Why: obs.Range}), obs.StateBeyond},
		{with(obs.Quality{Flag: obs.Missing, Why: obs.Instrument}), obs.StateFault},
		{gateway.Outcome{Device: d, Err: drivers.ErrTimeout}, obs.StateNoAnswer},
		{gateway.Outcome{Device: d, Err: drivers.ErrChecksum}, obs.StateDamaged},
		{gateway.Outcome{Device: d, Err: drivers.ErrDevice}, obs.StateFault},
		// A refusal is a fault of the part only where the part says so.
		{gateway.Outcome{Device: d, Err: fmt.Errorf("unit 3: %w: %w", drivers.ErrException, codec.Exception(2))}, obs.StateOK},
		{gateway.Outcome{Device: d, Err: fmt.Errorf("unit 3: %w: %w", drivers.ErrException, codec.Exception(4))}, obs.StateFault},
		{gateway.Outcome{Device: d, Err: fmt.Errorf("unit 3: %w: %w", drivers.ErrTimeout, codec.Exception(0x0A))}, obs.StateNoAnswer},
	} {
		var b strings.Builder
		must(t, renderJSON(&b, []gateway.Outcome{c.o}))
		if want := `"state":"` + string(c.want) + `"`; !strings.Contains(b.String(), want) {
			t.Errorf("%s has not %s", b.String(), want)
		}
	}
}
