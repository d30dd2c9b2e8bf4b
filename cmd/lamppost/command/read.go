package command

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cmd/chinese"
	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/spf13/cobra"
)

func readCommand(o Options) *cobra.Command {
	var path, lang string
	var raw, asJSON bool
	c := &cobra.Command{
		Use:   "read [DEVICE…]",
		Short: "poll each device once and show what it answers, with no cloud",
		Long: `read polls the devices of a configuration once, all of them or those named, and shows
value, quality and timing; with --raw also the bytes that crossed the line.
It writes nothing and sends nothing to the cloud.

With --json each device has its state, and the state's data flag of HJ 212-2017: ok N,
warming F, manual S, beyond T, maintenance M, calibrating C, fault D, stopped F, damaged
B, no-answer B; of several the gravest, which stands last here. The state is what
instrument and wire say; what the tests make of a number (qc) does not change it.

Exit codes: 0 all answered, 4 none did, 5 some did, 6 a port is in use by the gateway.`,
	}
	c.Flags().StringVar(&path, "config", defaultConfig, "the configuration")
	c.Flags().BoolVar(&raw, "raw", false, "show the bytes, > sent and < received")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object per device")
	langFlag(c, &lang)
	c.RunE = func(c *cobra.Command, only []string) error {
		b, err := o.loadBuiltin(true)
		if err != nil {
			return err
		}
		b.lang = &lang
		cfg, err := b.load(path, c.ErrOrStderr())
		if err != nil {
			return err
		}
		if err := known(cfg, only, lang); err != nil {
			return err
		}
		outcomes, err := gateway.Read(c.Context(), cfg, b.metrics, only)
		if err != nil {
			return classify(err)
		}
		if err := cutShort(c.Context()); err != nil {
			return err
		}
		if asJSON {
			err = renderJSON(c.OutOrStdout(), outcomes)
		} else {
			err = render(c.OutOrStdout(), outcomes, lang, raw)
		}
		if err != nil {
			return err
		}
		return verdict(cfg, outcomes, lang)
	}
	return c
}

// langFlag adds the flag --lang. Without it the user's own language is taken, and where
// the environment names none, that of the configuration, see builtin.speak.
func langFlag(c *cobra.Command, to *string) {
	*to = language()
	c.Flags().Var((*lang)(to), langName, langUsage)
}

// lang is a language that the program speaks.
type lang string

func (l *lang) String() string { return string(*l) }
func (*lang) Type() string     { return "string" }

func (l *lang) Set(s string) error {
	if s != "zh" && s != "en" {
		return errors.New("write zh or en")
	}
	*l = lang(s)
	return nil
}

// langName is the name of the flag, langUsage what it says.
const (
	langName  = "lang"
	langUsage = "zh or en; default: the environment's (LANG), else the configuration's"
)

// language is the user's, from the environment; empty where that names none, as on a
// board that nobody has set up.
func language() string {
	for _, key := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		v, _, _ := strings.Cut(os.Getenv(key), ".")
		switch {
		case v == "":
		case v == "C", v == "POSIX":
			return ""
		case strings.HasPrefix(v, "zh"):
			return "zh"
		default:
			return "en"
		}
	}
	return ""
}

// speak has a command speak the language of a configuration, if neither its flag nor the
// environment names one.
func (b *builtin) speak(file string, src []byte) {
	if b.lang != nil && *b.lang == "" {
		*b.lang = config.Language(file, src)
	}
}

// spoken is the language of a command's answers.
func (b *builtin) spoken() string {
	if b.lang == nil {
		return language()
	}
	return *b.lang
}

// known says what is wrong with ids that are to be devices.
func known(cfg *config.Config, ids []string, lang string) error {
	var all []string
	for _, d := range cfg.Devices {
		all = append(all, d.ID)
	}
	for _, id := range ids {
		switch {
		case slices.Contains(all, id):
		case slices.ContainsFunc(cfg.Outputs, func(o config.Output) bool { return o.ID == id }):
			return &exit{exitUsage, fmt.Errorf(pick(lang, "%s is an output: it is switched, not read", "%s 是输出，只能控制，不能读取"), id),
				fmt.Sprintf(pick(lang, "lamppost output list shows how it stands, lamppost output on %s switches it", "lamppost output list 查看状态，lamppost output on %s 开启"), id)}
		case slices.ContainsFunc(cfg.Derived, func(d config.Derived) bool { return d.ID == id }):
			return &exit{exitUsage, fmt.Errorf(pick(lang, "%s is derived from other streams: no device is asked for it", "%s 由其他数据推算，没有对应设备可读"), id),
				pick(lang, "the page of the running gateway shows it, and lamppost buffer inspect", "请看运行中网关的页面，或 lamppost buffer inspect")}
		case len(all) == 0:
			return &exit{exitUsage, fmt.Errorf(pick(lang, "%s has no device %q", "%s 中没有设备 %q"), cfg.File, id), pick(lang, "it has no devices at all; add one under devices:", "其中没有任何设备，请在 devices: 下添加")}
		default:
			return &exit{exitUsage, fmt.Errorf(pick(lang, "%s has no device %q", "%s 中没有设备 %q"), cfg.File, id), pick(lang, "devices: ", "可用设备：") + strings.Join(all, ", ")}
		}
	}
	return nil
}

// words of the table, and of what stands below it.
var words = map[string]map[string]string{
	"en": {"head": "DEVICE\tCHANNEL\tVALUE\tUNIT\tQUALITY\tTOOK", "sum": "%d of %d devices answered\n",
		"warms":    "  warm-up: values count %v after opening; how long the part has been powered is not known here\n",
		"starts":   "  warm-up: what gives these values still starts, or learns what is usual, and had no answer for this one sample; a gateway that runs goes on asking\n",
		"learns":   "  learned first, for about %[2]s of pictures: %[1]s; this one sample is forgotten again, a gateway that runs goes on learning\n",
		"hindered": "  not judged: %s; %s\n",
		"doubt":    "  may be another part: %s\n"},
	"zh": {"head": "设备\t测点\t数值\t单位\t质量\t耗时", "sum": "%[2]d 台设备中 %[1]d 台有应答\n",
		"warms":    "  预热（warm-up）：打开 %v 之后数值才可信；设备已通电多久，这里无从知道\n",
		"starts":   "  预热（warm-up）：给出这些数值的部分仍在启动，或在学习常态，这一次采样时还没有结果；运行中的网关会继续询问\n",
		"learns":   "  先要学习，约需 %[2]s的画面：%[1]s；这一次采样不会保留，运行中的网关会继续学习\n",
		"hindered": "  不作判断：%s；%s\n",
		"doubt":    "  可能不是该设备：%s\n"},
}

// render prints the outcomes as a table.
func render(w io.Writer, outcomes []gateway.Outcome, lang string, raw bool) error {
	text, ok := words[lang]
	if !ok {
		text = words["en"]
	}
	// The table is laid out whole, so that its columns hold across devices; what
	// belongs under a device's rows is put between them afterwards.
	table := [][]string{strings.Split(text["head"], "\t")}
	answered, height := 0, make([]int, len(outcomes))
	for i, o := range outcomes {
		if o.Answered() {
			answered++
		}
		own := rows(o, lang)
		table, height[i] = append(table, own...), len(own)
	}
	lines := aligned(table, 0)
	fmt.Fprint(w, lines[0])
	lines = lines[1:]
	for i, o := range outcomes {
		fmt.Fprint(w, strings.Join(lines[:height[i]], ""))
		lines = lines[height[i]:]
		if o.Err != nil {
			fmt.Fprintf(w, "  %s\n", errorText(o.Err, lang))
		}
		if o.Doubt != "" {
			fmt.Fprintf(w, text["doubt"], pick(lang, o.Doubt, chinese.Or(o.Doubt)))
		}
		if o.Impaired != nil {
			fmt.Fprintf(w, "  %s\n", errorText(o.Impaired, lang))
		}
		if d := o.WarmsUp(); d > 0 {
			fmt.Fprintf(w, text["warms"], d)
		} else if o.Impaired == nil && o.Starts() {
			fmt.Fprint(w, text["starts"])
		}
		lessons(w, o.Learning, text, lang)
		for _, f := range o.Facts {
			fmt.Fprintf(w, "  %s\n", factText(f, lang))
		}
		if raw {
			frames(w, o)
		}
	}
	_, err := fmt.Fprintf(w, text["sum"], answered, len(outcomes))
	return err
}

// lessons says what a device does not judge yet, and what it cannot see.
func lessons(w io.Writer, l drivers.Learning, text map[string]string, lang string) {
	if len(l.Waits) > 0 {
		fmt.Fprintf(w, text["learns"], strings.Join(l.Waits, ", "), longText(l.For.Round(time.Second), lang))
	}
	if hinders[l.Why] != [2]string{} {
		fmt.Fprintf(w, text["hindered"], strings.Join(l.Unclear, ", "), hinderText(l.Why, lang))
	}
}

// factText is what a part says of itself, and what follows from it.
func factText(f drivers.Fact, lang string) string {
	text := cmp.Or(f.Label, f.Name) + ": " + f.Value
	if means := pick(lang, f.Means.EN, f.Means.ZH); means != "" {
		text += pick(lang, ": ", "：") + means
	}
	return text
}

// rows are a device's rows of the table.
func rows(o gateway.Outcome, lang string) (all [][]string) {
	took := o.Took.Round(time.Millisecond).String()
	if o.Err != nil {
		return [][]string{{o.Device.ID, "-", "-", "-", faultText(o.Fault(), lang), took}}
	}
	for i, c := range o.Device.Plan.Channels {
		r, m := o.Readings[i], o.Device.Metrics[i]
		all = append(all, []string{o.Device.ID, c.Name, m.Format(r.Value), dash(m.Text), gradeText(r.Quality, lang), took})
		took = "" // once for the device: its channels come in one poll
	}
	return all
}

// faultText is a fault in a language; the word itself stands beside it, as everywhere.
func faultText(fault, lang string) string {
	if zh := reasons[obs.Reason(fault)]; lang == "zh" && zh != "" {
		return zh + "（" + fault + "）"
	}
	return fault
}

// gradeText is what a value is worth in a language, with the word of the reason.
func gradeText(q obs.Quality, lang string) string {
	text := teller{lang: lang}.grade(q)
	if lang == "zh" && q.Why != "" {
		text += "（" + string(q.Why) + "）"
	}
	return text
}

// errorText is an error in a language. What a driver from elsewhere says in English stands
// behind what its fault means.
func errorText(err error, lang string) string {
	if lang != "zh" {
		return err.Error()
	}
	zh, ok := chinese.Sentence(err.Error())
	if known := reasons[obs.Reason(drivers.FaultWord(err))]; !ok && known != "" {
		return known + "（" + err.Error() + "）"
	}
	return zh
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func grade(q obs.Quality) string {
	if q.Why == "" {
		return q.Flag.String()
	}
	return q.Flag.String() + ": " + string(q.Why)
}

// frames prints the bytes, sixteen or so to a line that still fits a terminal.
func frames(w io.Writer, o gateway.Outcome) {
	for _, f := range o.Frames {
		mark := "<"
		if f.Sent {
			mark = ">"
		}
		for i, part := range slices.Collect(slices.Chunk(f.Bytes, 20)) {
			if i > 0 {
				mark = " "
			}
			fmt.Fprintf(w, "  %s % x", mark, part)
			if i == 0 {
				fmt.Fprintf(w, "  (%v)", f.At.Round(time.Millisecond))
			}
			fmt.Fprintln(w)
		}
	}
}

// jsonOutcome is the --json form of one device; fields are only ever added.
type jsonOutcome struct {
	Device   string        `json:"device"`
	Fault    string        `json:"fault,omitempty"`
	State    obs.State     `json:"state"` // of the instrument, the gravest that the answer tells
	HJ212    string        `json:"hj212"` // State as a data flag of HJ 212-2017
	Error    string        `json:"error,omitempty"`
	TookMS   int64         `json:"took_ms"`
	Readings []jsonReading `json:"readings,omitempty"`

	Facts map[string]string `json:"facts,omitempty"` // what the part says of itself
	Doubt string            `json:"doubt,omitempty"` // why it may be another part

	Impaired string `json:"impaired,omitempty"` // why channels have no values though the part answers

	Learning *drivers.Learning `json:"learning,omitempty"` // what it does not judge yet, times in ns; none: it judges all
}

type jsonReading struct {
	Channel string   `json:"channel"`
	Value   *float64 `json:"value"`
	Unit    string   `json:"unit"`
	QC      int      `json:"qc"`
	Why     string   `json:"why,omitempty"`
}

// stateOf is the state of an instrument by what it answered, or how it failed to.
func stateOf(o gateway.Outcome) obs.State {
	all := []obs.State{obs.StateOf(obs.Quality{Flag: obs.Missing, Why: obs.Reason(o.Fault())})}
	var refused codec.Exception
	if errors.As(o.Err, &refused) { // what it refuses with says whether it has failed
		all[0] = obs.ExceptionState(uint8(refused))
	}
	for _, r := range o.Readings {
		all = append(all, obs.StateOf(r.Quality))
	}
	return obs.Gravest(all...)
}

func renderJSON(w io.Writer, outcomes []gateway.Outcome) error {
	enc := json.NewEncoder(w)
	for _, o := range outcomes {
		j := jsonOutcome{Device: o.Device.ID, Fault: o.Fault(), State: stateOf(o), TookMS: o.Took.Milliseconds(), Doubt: o.Doubt}
		j.HJ212, _ = obs.Sign(obs.HJ2122017, j.State) // it has one for each state
		if o.Err != nil {
			j.Error = o.Err.Error()
		}
		if o.Learning.Active() {
			j.Learning = &o.Learning
		}
		if o.Impaired != nil {
			j.Impaired = o.Impaired.Error()
		}
		for _, f := range o.Facts {
			if j.Facts == nil {
				j.Facts = map[string]string{}
			}
			j.Facts[f.Name] = f.Value
			if f.Means.EN != "" {
				j.Facts[f.Name] += ": " + f.Means.EN
			}
		}
		for i, r := range o.Readings {
			row := jsonReading{Channel: o.Device.Plan.Channels[i].Name, Unit: o.Device.Metrics[i].Unit, QC: r.Quality.Flag.Code(), Why: string(r.Quality.Why)}
			if r.Quality.Flag != obs.Missing {
				row.Value = &r.Value
			}
			j.Readings = append(j.Readings, row)
		}
		if err := enc.Encode(j); err != nil {
			return err
		}
	}
	return nil
}

// verdict is the exit code of read, with the next step where one is known.
func verdict(cfg *config.Config, outcomes []gateway.Outcome, lang string) error {
	answered, busy, denied := 0, false, false
	for _, o := range outcomes {
		if o.Answered() {
			answered++
		}
		busy = busy || o.Fault() == "busy"
		denied = denied || errors.Is(o.Err, fs.ErrPermission)
	}
	switch hint := whatNext(cfg, outcomes, lang); {
	case denied:
		return &exit{exitPermission, nil, pick(lang, "the port may not be opened: sudo lamppost read, or add your user to the group that owns it (usually dialout)",
			"没有打开端口的权限：请用 sudo lamppost read，或把用户加入端口所属的组（通常为 dialout）")}
	case busy:
		return &exit{exitInUse, nil, pick(lang, "a port is held by the running gateway: its page shows the same values, or stop it first",
			"端口被运行中的网关占用：其页面显示同样的数值，或先停止网关")}
	case answered == len(outcomes):
		return nil
	case answered == 0:
		return &exit{exitSilent, nil, hint}
	default:
		return &exit{exitPartly, nil, hint}
	}
}
