package command

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/cmd/chinese"
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/adapter"
	"github.com/lamppost-city/lamppost/edge/board"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/uplink"
)

// machine says what the configuration will find where it is checked: the board,
// the disk and what a power cut may cost there, and files that are not there.
func (b *builtin) machine(w io.Writer, cfg *config.Config) error {
	model, lang := b.host.Model(), b.spoken()
	disk := b.host.Disk(cfg.Journal.Dir)
	here, words := "this machine", diskWords["en"]
	if lang == "zh" {
		here, words = "本机", diskWords["zh"]
	}
	if model == "" {
		model = here
	}
	lines := []string{fmt.Sprintf(words[0], model, disk.In(lang), cfg.Journal.Commit)}
	if disk.Kind == board.Memory {
		lines[0] = fmt.Sprintf(words[1], model, disk.In(lang))
	}
	total, free := b.host.Space(cfg.Journal.Dir)
	if warning := roomWarning(cfg.Journal, total, free+held(cfg.Journal.Dir), lang); warning != "" {
		lines = append(lines, warning)
	}
	for _, note := range b.boards.For(b.host.Model()).Notes[lang] {
		lines = append(lines, "  "+note)
	}
	lines = append(lines, clockLines(cfg, lang)...)
	lines = append(lines, missingLines(cfg, lang)...)
	lines = append(lines, decoderLines(cfg, lang)...)
	lines = append(lines, wiredLines(adapter.System{}, cfg, lang)...)
	return writeLines(w, lines)
}

func writeLines(w io.Writer, lines []string) error {
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// clockLines says which rules wait after a start until the gateway knows the time, since what
// they read goes by the hours of the clock.
func clockLines(cfg *config.Config, lang string) []string {
	var rules, streams []string
	for _, r := range cfg.Rules {
		for _, st := range r.Reads {
			i := slices.IndexFunc(cfg.Derived, func(d config.Derived) bool { return d.ID == st.Device && d.ByClock })
			if i >= 0 && !slices.Contains(streams, st.Device) {
				streams = append(streams, st.Device)
			}
			if i >= 0 && !slices.Contains(rules, r.ID) {
				rules = append(rules, r.ID)
			}
		}
	}
	if len(rules) == 0 {
		return nil
	}
	text := fmt.Sprintf(pick(lang, "rules that go by the clock, %s (they read %s), are not judged after a start until the time is known", "按钟点计算的规则 %s（读取 %s），启动后要知道时间才能判断"),
		strings.Join(rules, ", "), strings.Join(streams, ", "))
	switch {
	case cfg.Uplink == nil || !slices.Contains(cfg.Trust, "uplink"):
		text = pick(lang, "warning: ", "警告：") + text + pick(lang, ", and no cloud tells it here: this machine needs NTP or GPS", "，而这里没有云端校时：本机需要 NTP 或 GPS")
	default:
		text += pick(lang, ", from NTP, GPS or the cloud", "，时间来自 NTP、GPS 或云端")
	}
	return []string{text + pick(lang, "; an alert that must come without it rests on a time that slides", "；没有时钟也必须发出的报警，请用滑动时间窗")}
}

// missingLines says which files, programs and users that the configuration names are not on
// this machine, or not what they should be. Some of it may be wrong itself.
func missingLines(cfg *config.Config, lang string) []string {
	words := diskWords["en"]
	if lang == "zh" {
		words = diskWords["zh"]
	}
	lines := append(fileLines(cfg.Uplink, words), programLines(cfg, words)...)
	return append(append(lines, passwordLines(cfg, lang)...), nodeLines(cfg, lang)...)
}

// nodeLines says which cameras at the board itself are not there.
func nodeLines(cfg *config.Config, lang string) (lines []string) {
	for _, d := range cfg.Devices {
		if d.Plan == nil || d.Plan.Node == "" {
			continue
		}
		if gone(d.Plan.Node) {
			lines = append(lines, fmt.Sprintf(pick(lang, "warning: devices.%s.url: nothing is plugged in as %s; it is opened as soon as it is there",
				"警告：devices.%s.url：%s 不存在；插入后会自动打开"), d.ID, d.Plan.Node))
		}
	}
	return lines
}

// program is a program that the configuration starts: the key that names it and the one
// that says as whom it runs.
type program struct{ key, path, userKey, user string }

// programs are those of devices and outputs.
func programs(cfg *config.Config) (out []program) {
	for _, d := range cfg.Devices {
		if d.Plan != nil && len(d.Plan.Process.Command) > 0 {
			at := "devices." + d.ID
			out = append(out, program{at + ".command", d.Plan.Process.Command[0], at + ".user", d.Plan.Process.User})
		}
		for _, n := range needs(d) {
			if n.Program {
				at := "devices." + d.ID + "." + n.Key
				out = append(out, program{at, n.Path, strings.TrimSuffix(at, ".program") + ".user", n.User})
			}
		}
	}
	for _, o := range cfg.Outputs {
		if len(o.Command) > 0 {
			out = append(out, program{"outputs." + o.ID + ".command", o.Command[0], "", ""})
		}
	}
	return out
}

func needs(d config.Device) []drivers.Need {
	if d.Plan == nil {
		return nil
	}
	return d.Plan.Needs
}

// programLines says which programs that the configuration starts, and which users that they
// run as, are not on this machine.
func programLines(cfg *config.Config, words [6]string) (lines []string) {
	for _, f := range programs(cfg) {
		if path, err := exec.LookPath(f.path); err != nil {
			lines = append(lines, fmt.Sprintf(words[3], f.key, f.path, cause(err)))
		} else if f.user != "" {
			if _, err := user.Lookup(f.user); err != nil {
				lines = append(lines, fmt.Sprintf(words[4], f.userKey, f.user, path))
			}
		}
	}
	return lines
}

// passwordLines says which files that devices read a password from are not on this machine,
// or have nothing in them. Whether the gateway's user may read one is not looked at: it need
// not be the user that checks.
func passwordLines(cfg *config.Config, lang string) (lines []string) {
	for _, d := range cfg.Devices {
		for _, n := range needs(d) {
			if n.Program {
				continue
			}
			why := ""
			switch st, err := os.Stat(n.Path); {
			case err != nil:
				if why = cause(err).Error(); lang == "zh" {
					why = chinese.Or(why)
				}
			case !st.Mode().IsRegular():
				why = pick(lang, "it is no file", "不是文件")
			case st.Size() == 0:
				why = pick(lang, "it is empty", "文件为空")
			default:
				continue
			}
			lines = append(lines, fmt.Sprintf(pick(lang, "warning: devices.%s.%s: %s: %s; the device cannot be opened until it is there, with the password in its first line",
				"警告：devices.%s.%s：%s：%s；该文件就位、首行写有密码之前，设备无法打开"), d.ID, n.Key, n.Path, why))
		}
	}
	return lines
}

// decoderLines says which programs that pictures may have to be decoded with are not on this
// machine. Whether a camera needs one only its stream tells.
func decoderLines(cfg *config.Config, lang string) (lines []string) {
	for _, d := range cfg.Devices {
		if d.Plan == nil || d.Plan.Decoder == "" {
			continue
		}
		if _, err := exec.LookPath(d.Plan.Decoder); err != nil {
			lines = append(lines, fmt.Sprintf(pick(lang, "warning: devices.%s: there is no %s on this machine; if the camera's stream is H.264, install it, choose its MJPEG stream, or set url to its still picture",
				"警告：devices.%s：本机没有 %s；如果摄像机的码流是 H.264，请安装它，或改用 MJPEG 码流，或把 url 设为静态图片地址"), d.ID, d.Plan.Decoder))
		}
	}
	return lines
}

// diskWords are: what a power cut costs on a disk, and in memory; a file, a program and
// a user that are not there; a file that is not what it should be.
var diskWords = map[string][6]string{
	"en": {"on %s, %s: readings are on the disk within %v, which is what a power cut may cost",
		"on %s, %s: a power cut costs everything that is kept there; set journal.dir to a folder on a disk",
		"warning: uplink.%s: %v: %s; there is no connection until it is there",
		"warning: %s: %s: %v; it cannot be started on this machine",
		"warning: %s: there is no user %s on this machine to run %s",
		"warning: uplink.%s; there is no connection until it is mended"},
	"zh": {"%s，%s：读数在 %v 内落盘，断电最多损失这段时间",
		"%s，%s：断电会丢失其中的全部数据；请把 journal.dir 设到磁盘上的目录",
		"警告：uplink.%s：%v：%s；文件就位之前无法连接",
		"警告：%s：%s：%v；在本机无法启动",
		"警告：%s：本机没有用户 %s，无法运行 %s",
		"警告：uplink.%s；修正之前无法连接"},
}

// roomWarning says what is wrong where the journal's quota is more than its file system
// has, or than is left for it there: it would give up old records earlier than asked for.
func roomWarning(j config.Journal, total, left int64, lang string) string {
	switch {
	case total <= 0 || j.Size <= left:
		return ""
	case j.Size > total:
		return fmt.Sprintf(pick(lang, "warning: journal.size is %s, and the file system of %s has %s; write %s or less, or name a folder on a larger disk",
			"警告：journal.size 为 %s，而 %s 所在文件系统只有 %s；请改为 %s 以下，或把 journal.dir 设到更大的磁盘"),
			bytesText(float64(j.Size)), j.Dir, bytesText(float64(total)), bytesText(float64(left)*0.9))
	}
	return fmt.Sprintf(pick(lang, "warning: journal.size is %s, and on the file system of %s %s are left for it; free some, or write %s or less",
		"警告：journal.size 为 %s，而 %s 所在文件系统只剩 %s 可用；请腾出空间，或改为 %s 以下"),
		bytesText(float64(j.Size)), j.Dir, bytesText(float64(left)), bytesText(float64(left)*0.9))
}

// held is what a journal takes already, bytes.
func held(dir string) (sum int64) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return 0 // it is not there yet
	}
	for _, f := range files {
		if info, err := f.Info(); err == nil && info.Mode().IsRegular() {
			sum += info.Size()
		}
	}
	return sum
}

// fileLines says which files of the way to the cloud are not there, or not what they
// should be.
func fileLines(u *config.Uplink, words [6]string) (lines []string) {
	if u == nil {
		return nil
	}
	missing := false
	for _, f := range named(u) {
		if _, err := os.Stat(f.path); err != nil {
			missing = true
			lines = append(lines, fmt.Sprintf(words[2], f.key, cause(err), f.path))
		}
	}
	if missing {
		return lines // it is told; the others are looked at when they are all there
	}
	err := uplink.Credentials{CAFile: u.TLS.CAFile, CertFile: u.TLS.CertFile, KeyFile: u.TLS.KeyFile}.Check()
	if err != nil {
		for _, text := range strings.Split(err.Error(), "\n") {
			lines = append(lines, fmt.Sprintf(words[5], text))
		}
	}
	return lines
}

// namedFile is a file that the configuration names.
type namedFile struct{ key, path string }

// named returns the files that the way to the cloud needs.
func named(u *config.Uplink) (out []namedFile) {
	if u == nil {
		return nil
	}
	for _, f := range []namedFile{{"password_file", u.PasswordFile}, {"proxy_password_file", u.ProxyPasswordFile},
		{"tls.ca_file", u.TLS.CAFile}, {"tls.cert_file", u.TLS.CertFile}, {"tls.key_file", u.TLS.KeyFile}} {
		if f.path != "" {
			out = append(out, f)
		}
	}
	return out
}
