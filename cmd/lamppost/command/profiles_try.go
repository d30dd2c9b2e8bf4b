package command

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/catalog"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/profile"
	"github.com/lamppost-city/lamppost/drivers/uart"
	"github.com/spf13/cobra"
)

func profilesTry(o Options) *cobra.Command {
	var set profileSet
	var request, response string
	c := &cobra.Command{
		Use:   "test FILE…",
		Short: "test profiles: every mistake at once, and what their recorded exchanges decode to",
		Long: `test reads profiles, files or folders of them, and shows every mistake at once, each with
its line; then what the exchanges in them decode to, which is what they promise.

With --request and --response, two frames in hex that crossed a line (lamppost read
--raw, lamppost record), it shows what a profile makes of them: whole RTU frames with
their CRC, or Modbus TCP frames. Of a part that has its line to itself --response alone
is enough, in hex or as text. The profile may then also be the id of a known one.

Exit codes: 0 good, 1 the exchange is about other registers, 2 wrong usage or the frames
are no exchange, 3 mistakes in a profile or no such file.`,
		Args: cobra.MinimumNArgs(1),
	}
	set.flags(c)
	c.Flags().StringVar(&request, "request", "", "the request, in hex")
	c.Flags().StringVar(&response, "response", "", "the answer to it, in hex")
	c.RunE = func(c *cobra.Command, args []string) error {
		b, err := o.loadBuiltin(true)
		if err != nil {
			return err
		}
		if request != "" || response != "" {
			return tryExchange(c, b, &set, args, request, response)
		}
		files, err := profileFiles(args)
		if err != nil {
			return err
		}
		return tryFiles(c, b, files, set.lang)
	}
	return c
}

// profileFiles finds the files that are meant.
func profileFiles(args []string) (files []string, err error) {
	for _, arg := range args {
		st, err := os.Stat(arg)
		if err != nil {
			return nil, &exit{exitConfig, err, "name profiles, or a folder of them: lamppost profiles test profiles/"}
		}
		if !st.IsDir() {
			files = append(files, arg)
			continue
		}
		err = filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.EqualFold(filepath.Ext(path), ".yaml") {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, &exit{exitConfig, err, "look at the folder"}
		}
	}
	if len(files) == 0 {
		return nil, &exit{exitConfig, errors.New("no profile there"), "profiles are files called *.yaml"}
	}
	return files, nil
}

// tryFiles reads all files before it shows what is wrong in any.
func tryFiles(c *cobra.Command, b *builtin, files []string, lang string) error {
	var wrong yamldoc.Problems
	var good []profile.Profile
	for _, file := range files {
		f, ps, err := b.parseProfile(file)
		if err != nil {
			return err
		}
		if wrong = append(wrong, ps...); len(ps) == 0 {
			good = append(good, f)
		}
	}
	for _, f := range good {
		if err := showFixtures(c.OutOrStdout(), f, b.metrics, lang); err != nil {
			return shown(err)
		}
	}
	if len(wrong) > 0 {
		return refused(c, wrong, lang)
	}
	return nil
}

// parseProfile reads a file and judges it against the catalogue of metrics, too.
func (b *builtin) parseProfile(file string) (profile.Profile, yamldoc.Problems, error) {
	src, err := readText(file)
	if err != nil {
		return nil, nil, &exit{exitConfig, err, "name a profile that can be read"}
	}
	f, err := catalog.Formats().Parse(file, src)
	var wrong yamldoc.Problems
	switch {
	case errors.As(err, &wrong):
		return nil, b.misnamed(wrong), nil
	case err != nil:
		return nil, nil, &exit{code: exitConfig, err: err}
	}
	doc, err := yamldoc.Parse(file, src)
	if err != nil {
		return nil, nil, err
	}
	return f, b.judge(doc, f), nil
}

// judge holds the channels against the catalogue: names must be metrics, and a part
// measures no more than there can be.
func (b *builtin) judge(doc *yamldoc.Doc, f profile.Profile) (wrong yamldoc.Problems) {
	for i, r := range f.Measures() {
		say := func(key, id, msg, hint string) {
			wrong = append(wrong, doc.Problem([]string{"channels", strconv.Itoa(i), key}, id, msg).WithHint(hint))
		}
		m, ok := b.metrics.Lookup(r.Name)
		switch {
		case !ok:
			say("name", "E1804", noMetric(r.Name), b.nearMetric(r.Name))
		case r.Min < m.Min:
			say("min", "E1807", fmt.Sprintf("%s cannot be below %v %s", m.Name, m.Min, m.Text), "check the scale, and that the value is in the metric's unit")
		case r.Max > m.Max:
			say("max", "E1807", fmt.Sprintf("%s cannot be above %v %s", m.Name, m.Max, m.Text), "check the scale, and that the value is in the metric's unit")
		}
	}
	return wrong
}

// showFixtures shows what a good profile's exchanges decode to.
func showFixtures(w io.Writer, p profile.Profile, metrics *obs.Catalog, lang string) error {
	var b strings.Builder
	f, examples := p.About(), p.Examples()
	fmt.Fprintf(&b, pick(lang, "%s: good: %s, %s, %s\n", "%s：通过：%s，%s，%s\n"), f.File, f.Name.In(lang),
		counted(len(p.Measures()), lang, "channel", "个测点"), counted(len(examples), lang, "exchange", "组报文"))
	for _, x := range examples {
		fmt.Fprintf(&b, "  %s\n", x.Source)
		all, err := x.Decode()
		if err != nil {
			fmt.Fprintf(&b, pick(lang, "    refused: %v\n", "    不予接受：%v\n"), err)
			continue
		}
		if err := decoded(&b, all, metrics, lang); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// counted writes a number of things.
func counted(n int, lang, en, zh string) string {
	switch {
	case lang == "zh":
		return fmt.Sprintf("%d %s", n, zh)
	case n == 1:
		return "1 " + en
	}
	return fmt.Sprintf("%d %ss", n, en)
}

// decoded writes what an exchange says, one line for each channel and fact.
func decoded(w io.Writer, all []profile.Decoded, metrics *obs.Catalog, lang string) error {
	var rows [][]string
	for _, d := range all {
		if d.IsFact {
			rows = append(rows, []string{"    " + d.Name, d.Fact})
			continue
		}
		m, _ := metrics.Lookup(d.Name)
		value := obs.Number(d.Reading.Value) + " " + m.Text
		switch q := d.Reading.Quality; q.Flag {
		case obs.Missing:
			value = fmt.Sprintf(pick(lang, "no value (%s)", "无数值（%s）"), reason(q.Why, lang))
		case obs.Fail:
			value += fmt.Sprintf(pick(lang, "  (bad: %s)", "  （不合格：%s）"), reason(q.Why, lang))
		}
		rows = append(rows, []string{"    " + d.Name, value})
	}
	return columns(w, rows)
}

func reason(why obs.Reason, lang string) string {
	if zh := reasons[why]; lang == "zh" && zh != "" {
		return zh
	}
	return string(why)
}

// tryExchange decodes one exchange with one profile.
func tryExchange(c *cobra.Command, b *builtin, set *profileSet, args []string, request, response string) error {
	if len(args) != 1 {
		return &exit{exitUsage, errors.New("one exchange is tried with one profile"), "name one: lamppost profiles test PROFILE --request … --response …"}
	}
	p, err := oneProfile(c, b, set, args[0])
	if err != nil {
		return err
	}
	if u, ok := p.(*uart.Profile); ok {
		return tryMessage(c, b, u, response, set.lang)
	}
	f, ok := p.(*modbus.Profile)
	if !ok || request == "" || response == "" {
		return &exit{exitUsage, errors.New("an exchange is a request and its answer"), "name both: lamppost profiles test PROFILE --request … --response …"}
	}
	e, err := modbus.ParseExchange(rtu(request), rtu(response))
	if err != nil {
		return &exit{exitUsage, err, "give both frames whole, from the unit's address to the CRC, or from the TCP header on"}
	}
	all, err := f.Decode(e)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		q := e.Request
		return &exit{exitFindings, fmt.Errorf("the exchange is function %d, address 0x%04X, count %d; %s reads nothing there", q.Function, q.Start, q.Count, f.ID),
			"lamppost profiles show " + f.ID + " says what it reads"}
	}
	return shown(decoded(c.OutOrStdout(), all, b.metrics, set.lang))
}

// oneProfile finds a profile by its file, or by its id.
func oneProfile(c *cobra.Command, b *builtin, set *profileSet, name string) (profile.Profile, error) {
	if _, err := os.Stat(name); err == nil {
		f, wrong, err := b.parseProfile(name)
		if len(wrong) > 0 {
			return nil, refused(c, wrong, set.lang)
		}
		return f, err
	}
	profiles, err := set.load(c, b)
	if err != nil {
		return nil, err
	}
	f, ok := profiles.Get(name)
	if !ok {
		return nil, noProfile(name, profiles, set.lang)
	}
	return f, nil
}

// rtu makes an RTU frame, in hex, of a TCP frame; anything else stays as it is.
func rtu(text string) string {
	b, err := hex.DecodeString(strings.NewReplacer(" ", "", ":", "", "\t", "").Replace(text))
	if err != nil {
		return text
	}
	if _, _, err := codec.ParseRTU(b); err == nil {
		return hex.EncodeToString(b)
	}
	if f, n, err := codec.ParseTCP(b); err == nil && n == len(b) && n > 0 {
		b = codec.AppendRTU(nil, f.Unit, f.PDU)
	}
	return hex.EncodeToString(b)
}
