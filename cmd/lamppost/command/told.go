package command

import (
	"cmp"
	"io"
	"regexp"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// told shows problems in a language. In Chinese each one begins with what its id means,
// and the detail follows as the checker writes it: names, numbers and keys are the same
// in both languages.
func told(all yamldoc.Problems, lang string, w io.Writer) error {
	if lang != "zh" {
		return all.Render(w)
	}
	out := make(yamldoc.Problems, len(all))
	for i, p := range all {
		if title := problemsZH[p.ID]; title != "" {
			p.Msg = title + "（" + p.Msg + "）"
		}
		p.Hint = hintZH(p.Hint)
		out[i] = p
	}
	return out.RenderIn(w, "zh")
}

// hintZH is a hint in Chinese, where it is one of the usual forms; else as it is.
func hintZH(hint string) string {
	for _, h := range hintsZH {
		if en := h.pattern(); en.MatchString(hint) {
			return strings.ReplaceAll(en.ReplaceAllString(hint, h.zh), `" or "`, `" 或 "`)
		}
	}
	return hint
}

// sentence is one of the program's own, as a pattern, and in Chinese.
type sentence struct{ en, zh string }

// pattern compiles it when it is needed: the gateway, which runs for years, tells nobody
// a hint, and has no memory to spare for it.
func (s sentence) pattern() *regexp.Regexp { return regexp.MustCompile("^(?s:" + s.en + ")$") }

func sentences(pairs ...[2]string) (all []sentence) {
	for _, p := range pairs {
		all = append(all, sentence{p[0], p[1]})
	}
	return all
}

// hintsZH are the usual forms of a hint.
var hintsZH = sentences(
	[2]string{`did you mean (.+)\?`, `是否应为 $1？`},
	[2]string{`known are (.+)`, `可用：$1`},
	[2]string{`known: (.+)`, `可用：$1`},
	[2]string{`delete it`, `请删除`},
	[2]string{`delete (\S+)`, `请删除 $1`},
	[2]string{`add it under buses:`, `请在 buses: 下添加`},
	[2]string{`add (\S+: \S+)`, `请添加 $1`},
	[2]string{`write a value behind it(?:, or delete the key)?`, `请在后面写上值，或删除该键`},
	[2]string{`write the number without quotes`, `数字不要加引号`},
	[2]string{`a decimal has a point: write (.+)`, `小数点要用“.”：请写 $1`},
	[2]string{`write the unit: (\S+), (\S+), (\S+) or (\S+) \(units: .*\)`, `请写上单位：$1、$2、$3 或 $4（s 秒、m 分、h 时、d 天）`},
	[2]string{`write (\S+) \(units: ms s m h d\)`, `请写 $1（单位：ms s m h d）`},
	[2]string{`write (\S+) or longer`, `请写 $1 或更长`},
	[2]string{`write (\S+) or longer, or a faster line`, `请写 $1 或更长，或提高线路速率`},
	[2]string{`write (\S+) or less`, `请写 $1 或更小`},
	[2]string{`write (-?[0-9.]\S*) to (-?[0-9.]\S*)`, `请写 $1 到 $2`},
	[2]string{`write (-?[0-9.]\S*)`, `请写 $1`},
	[2]string{`write true or false, without quotes`, `请写 true 或 false，不加引号`},
	[2]string{`choose another(?: name)?`, `请换一个`},
	[2]string{`mend it first`, `请先改正它`},
	[2]string{`give each device a place of its own`, `请给每台设备不同的位置`},
	[2]string{`only one may speak on it`, `同一线路只能由一方使用`},
	[2]string{`lengthen every, raise the speed, or use a second line`, `请加大 every、提高速率或另用一条线路`},
	[2]string{`set the part to that, or change the bus`, `请改设备设置，或改总线设置`},
)

// cliZH are the sentences of errors and hints of the commands themselves.
var cliZH = sentences(
	[2]string{`(.+) has no device "(.+)"`, `$1 中没有设备 "$2"`},
	[2]string{`open (.+): no such file or directory`, `没有文件 $1`},
	[2]string{`open (.+): permission denied`, `没有权限读取 $1`},
	[2]string{`there is no directory (.+)`, `没有目录 $1`},
	[2]string{`(.+) holds no journal`, `$1 中没有数据缓存`},
	[2]string{`(.+) is there already`, `$1 已存在`},
	[2]string{`a duration cannot be negative`, `时长不能为负`},
	[2]string{`there is no format "(.+)"`, `没有格式 "$1"`},
	[2]string{`there is no kind "(.+)"`, `没有类别 "$1"`},
	[2]string{`--until (.+) is before --since (.+)`, `--until $1 早于 --since $2`},
	[2]string{`--limit is 1 to (.+)`, `--limit 为 1 到 $1`},
	[2]string{`--stream "(.+)" is not a stream of the device asked for`, `--stream "$1" 不属于所查设备`},
	[2]string{`from when on\?`, `从何时起？`},
	[2]string{`--since and --everything are both there`, `--since 与 --everything 不能同时使用`},
	[2]string{`(.+) has not come yet`, `$1 尚未到来`},
	[2]string{`invalid argument "(.+)" for "(.+)" flag: .+ is no time; write (.+)`, `$2 的值 "$1" 不是时间；可写 $3`},
	[2]string{`invalid argument "(.+)" for "(.+)" flag: write zh or en`, `$2 的值 "$1" 无效，只能写 zh 或 en`},
	[2]string{`unknown command "(.+)" for "(.+)"(?s:.*)`, `没有命令 "$1"（$2）`},
	[2]string{`unknown flag: (.+)`, `没有参数 $1`},
	[2]string{`accepts (\d+) arg\(s\), received (\d+)`, `需要 $1 个参数，实际 $2 个`},
	[2]string{`accepts at most (\d+) arg\(s\), received (\d+)`, `最多 $1 个参数，实际 $2 个`},
	[2]string{`required flag\(s\) "(.+)" not set`, `缺少参数 --$1`},
	[2]string{`one exchange is tried with one profile`, `一次问答只能用一个型号试`},
	[2]string{`an exchange is a request and its answer`, `一次问答包括请求和应答`},
	[2]string{`no profile there`, `那里没有型号文件`},
	// Hints.
	[2]string{`lamppost help`, `lamppost help`},
	[2]string{`another lamppost uses this journal; stop it first \((.+)\)`, `另一个 lamppost 正在使用该数据缓存，请先停止（$1）`},
	[2]string{`another program holds it; is the gateway running already\? \((.+)\)`, `被其他程序占用；网关是否已在运行？（$1）`},
	[2]string{`run it as root, or give the user the group that owns the file \(serial ports: dialout\)`, `请用 root 运行，或把用户加入文件所属的组（串口：dialout）`},
	[2]string{`run it as root, or make the file readable`, `请用 root 运行，或开放文件读权限`},
	[2]string{`run it as root or as the gateway's user: (.+)`, `请用 root 或网关用户运行：$1`},
	[2]string{`make the directory, or name another one under journal.dir`, `请建立该目录，或在 journal.dir 指定另一目录`},
	[2]string{`name the configuration: (.+)`, `请指定配置文件：$1`},
	[2]string{`name the configuration \(--config FILE\), or the journal itself \(--dir (.+)\)`, `请指定配置（--config 文件），或直接指定数据缓存（--dir $1）`},
	[2]string{`name the directory that the configuration calls journal.dir, the one with the .seg files`, `请指定配置中 journal.dir 的目录，其中有 .seg 文件`},
	[2]string{`name the one that the configuration calls journal.dir`, `请指定配置中 journal.dir 的目录`},
	[2]string{`name another file, or write over it with --force`, `请换文件名，或加 --force 覆盖`},
	[2]string{`name a folder with profiles: (.+)`, `请指定有型号文件的目录：$1`},
	[2]string{`the journal cannot be read to its end: (.+)`, `数据缓存无法读到末尾：$1`},
	[2]string{`the disk does not give the file back; copy what is readable and replace the card`, `磁盘读不出该文件；请复制可读部分并更换存储卡`},
	[2]string{`exchange them`, `请对调`},
	[2]string{`lamppost buffer export has no limit`, `lamppost buffer export 没有限制`},
	[2]string{`record for a shorter time: -d`, `请缩短录制时间：-d`},
	[2]string{`write device/channel, like river/level`, `请写 设备/测点，如 river/level`},
	[2]string{`kinds: (.+)`, `类别：$1`},
	[2]string{`formats: (.+); --format says it whatever the file is called`, `格式：$1；用 --format 指定，与文件名无关`},
	[2]string{`write a time that has passed`, `请写已经过去的时间`},
	[2]string{`write only one of them`, `只写其中一个`},
	[2]string{`write --since (.+) or --everything`, `请写 --since $1 或 --everything`},
)

// inZH is a sentence of the commands in Chinese, or as it is where there is none: what
// the machine or a part says is repeated word by word.
func inZH(text string) string {
	for _, s := range cliZH {
		if en := s.pattern(); en.MatchString(text) {
			return en.ReplaceAllString(text, s.zh)
		}
	}
	return cmp.Or(hintZH(text), text)
}
