package command

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"strings"

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
	lines = append(lines, fileLines(cfg.Uplink, words)...)
	for _, f := range programs(cfg) {
		if path, err := exec.LookPath(f.path); err != nil {
			lines = append(lines, fmt.Sprintf(words[3], f.key, f.path, cause(err)))
		} else if f.user != "" {
			if _, err := user.Lookup(f.user); err != nil {
				lines = append(lines, fmt.Sprintf(words[4], f.key, f.user, path))
			}
		}
	}
	lines = append(lines, decoderLines(cfg, lang)...)
	lines = append(lines, wiredLines(adapter.System{}, cfg, lang)...)
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// program is a program that the configuration starts.
type program struct{ key, path, user string }

// programs are those of devices and outputs.
func programs(cfg *config.Config) (out []program) {
	for _, d := range cfg.Devices {
		if d.Plan != nil && len(d.Plan.Process.Command) > 0 {
			out = append(out, program{"devices." + d.ID, d.Plan.Process.Command[0], d.Plan.Process.User})
		}
	}
	for _, o := range cfg.Outputs {
		if len(o.Command) > 0 {
			out = append(out, program{"outputs." + o.ID, o.Command[0], ""})
		}
	}
	return out
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
		"warning: %s.command: %s: %v; it cannot be started on this machine",
		"warning: %s.user: there is no user %s on this machine to run %s",
		"warning: uplink.%s; there is no connection until it is mended"},
	"zh": {"%s，%s：读数在 %v 内落盘，断电最多损失这段时间",
		"%s，%s：断电会丢失其中的全部数据；请把 journal.dir 设到磁盘上的目录",
		"警告：uplink.%s：%v：%s；文件就位之前无法连接",
		"警告：%s.command：%s：%v；在本机无法启动",
		"警告：%s.user：本机没有用户 %s，无法运行 %s",
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
