package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/parts"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/playback"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenarios"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/street"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// partFlags are what part is told on the command line.
type partFlags struct {
	at       parts.Place
	device   string
	baud     int
	address  int
	faults   []string
	seed     uint64
	truth    string
	duration time.Duration
}

func partCommand() *cobra.Command {
	var f partFlags
	cmd := &cobra.Command{
		Use:   "part ID --link PATH | --listen ADDR [channel=value ...]",
		Short: "play one part alone: on a serial port, a TCP socket or a bus of the lab",
		Long: `part plays one of the parts that lamppost-sim list names, and says "ready" when it can
be read. Its channels stand still at the values that the list of lamppost-sim part ID
shows, or at those that are set:

  temp=-12.5       this value, in the unit that the gateway stores
  temp=-12.5~2     moves slowly by at most 2, up and down
  temp=missing     what the part sends for a value that it does not have

A value that the part cannot send is refused, with what it can. The values on the screen
are those that are sent, in the steps of the part.

--fault, once or more often, is from the beginning on: silent, noise (noise:0.3 damages
three frames of ten), digit (one of the digits of a text is another), garbage, frozen,
slow (slow:400ms), unplug, or a state of the part itself, which lamppost-sim list shows.

It plays until Ctrl-C, SIGTERM or --duration.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("%w: which part? lamppost-sim list names them", errUsage)
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return playPart(c.Context(), c.OutOrStdout(), f, args[0], args[1:])
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.at.Link, "link", "", "the serial port, socket or directory to make")
	fl.StringVar(&f.at.Listen, "listen", "", "the TCP address to answer on (port 0: any free one)")
	fl.StringVar(&f.device, "device", "", "its name in the truth log (default: its id)")
	fl.IntVar(&f.baud, "baud", 0, "the line's speed (default: as the maker delivers it)")
	fl.IntVar(&f.address, "address", 0, "its address (default: as the maker delivers it)")
	fl.StringArrayVar(&f.faults, "fault", nil, "what is wrong with it")
	fl.Uint64Var(&f.seed, "seed", 1, "of everything random")
	fl.StringVar(&f.truth, "truth", "", "write a truth log to this file")
	fl.DurationVar(&f.duration, "duration", 0, "stop after this time (0: never)")
	return cmd
}

// playPart plays one part until ctx ends.
func playPart(ctx context.Context, out io.Writer, f partFlags, id string, args []string) error {
	p, stage, settings, err := f.stage(id, args)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if f.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.duration)
		defer cancel()
	}
	told := newClipped(out, settings)
	told.to, stage.Record = playback.Nobody{}, told
	if f.truth != "" {
		log, err := truth.Create(f.truth)
		if err != nil {
			return fmt.Errorf("%w: %w", street.ErrStorage, err)
		}
		defer log.Close()
		told.to = log
	}
	err = p.Play(ctx, f.at, stage, func(at string) {
		told.mu.Lock()
		defer told.mu.Unlock()
		fmt.Fprintf(out, "%s  %s\n", p.ID, p.Title.EN)
		fmt.Fprintf(out, "%s  %s\n", at, cmp.Or(lineOf(p, stage), string(p.Wire)))
		for _, c := range p.Channels {
			fmt.Fprintf(out, "  %s %s\n", c.Name, shown(p.Sent(c.Name, stage.Source.Value(c.Name))))
		}
		told.registers(p.ID)
		if p.Calibration != nil {
			if line := p.Calibration(stage); line != "" {
				fmt.Fprintf(out, "  %s\n", line)
			}
		}
		fmt.Fprintln(out, "ready")
	})
	if errors.Is(err, parts.ErrWire) {
		return fmt.Errorf("%w: %w", street.ErrStorage, err)
	}
	return err
}

// stage reads the command line.
func (f partFlags) stage(id string, args []string) (parts.Part, parts.Stage, []parts.Setting, error) {
	p, err := parts.Find(id)
	if err != nil {
		return p, parts.Stage{}, nil, err
	}
	if f.baud != 0 && f.baud < 50 || f.duration < 0 {
		return p, parts.Stage{}, nil, errors.New("--baud is at least 50, --duration not negative")
	}
	if f.address < 0 || f.address > 255 {
		return p, parts.Stage{}, nil, fmt.Errorf("--address %d: write 1 to 247, or what the part's maker says", f.address)
	}
	s := parts.Stage{Device: cmp.Or(f.device, id), Baud: cmp.Or(f.baud, p.Line.Baud, 9600), Address: cmp.Or(f.address, p.Line.Address), Seed: f.seed}
	var settings []parts.Setting
	if p.Wire == parts.Modbus {
		s.Address = cmp.Or(s.Address, 1)
	}
	for _, a := range args {
		set, err := parts.ParseSetting(a)
		if err != nil {
			return p, s, settings, err
		}
		if err := p.CheckSetting(set); err != nil {
			return p, s, settings, err
		}
		settings = append(settings, set)
	}
	var faults []scenario.Fault
	for _, word := range f.faults {
		fault, state, err := p.FaultOf(word)
		if err != nil {
			return p, s, settings, err
		}
		if state != "" {
			s.State = state
			continue
		}
		faults = append(faults, fault)
	}
	s.Source, err = parts.NewValues(p, s.Device, f.seed, settings, faults)
	if err != nil {
		return p, s, settings, err
	}
	return p, s, settings, p.Check(f.at)
}

// lineOf says how the line is set.
func lineOf(p parts.Part, s parts.Stage) string {
	l := p.Line
	if l.Baud != 0 || p.Wire == parts.Serial || p.Wire == parts.Modbus {
		l.Baud = s.Baud
	}
	l.Address = s.Address
	return l.String()
}

// shown writes a value for a person.
func shown(v float64) string {
	if v != v {
		return "missing"
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

func listCommand() *cobra.Command {
	var lang string
	cmd := &cobra.Command{Use: "list", Short: "list the scenarios, the parts that can be played alone, and the scenes of a camera", Args: noArgs, RunE: func(c *cobra.Command, _ []string) error {
		if lang != "zh" && lang != "en" {
			return fmt.Errorf("%w: --lang %q is not spoken here; write zh or en", errUsage, lang)
		}
		if err := listScenarios(c.OutOrStdout(), lang); err != nil {
			return err
		}
		if err := listParts(c.OutOrStdout(), lang); err != nil {
			return err
		}
		return listScenes(c.OutOrStdout(), lang)
	}}
	cmd.Flags().StringVar(&lang, "lang", language(), "zh or en")
	return cmd
}

func listScenarios(out io.Writer, lang string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, pick(lang, scenario.Text{ZH: "场景\t周期\t名称\t内容", EN: "SCENARIO\tCYCLE\tTITLE\tWHAT HAPPENS"}))
	for _, name := range scenarios.Names() {
		s, err := scenario.Load(name, scenarios.Read)
		if err != nil {
			return fmt.Errorf("%w: %w", street.ErrScenario, err)
		}
		fmt.Fprintf(w, "%s\t%v\t%s\t%s\n", name, time.Duration(s.Cycle), pick(lang, s.Title), pick(lang, s.About))
	}
	return w.Flush()
}

func listParts(out io.Writer, lang string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, pick(lang, scenario.Text{ZH: "\n器件\t接线\t线路\t自身状态\t说明\t通道", EN: "\nPART\tWIRE\tLINE\tSTATES\tWHAT IT IS\tCHANNELS"}))
	for _, p := range parts.All() {
		var channels []string
		for _, c := range p.Channels {
			channels = append(channels, c.Name)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", p.ID, p.Wire, cmp.Or(p.Line.String(), "-"),
			cmp.Or(statesOf(p), "-"), pick(lang, p.Title), strings.Join(channels, ","))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprint(out, pick(lang, notListed))
	return err
}

// notListed are the drivers that have no part of their name, and why.
var notListed = scenario.Text{
	ZH: `
没有同名器件的驱动：board 读取网关自身的主板，没有可扮演的器件；process 运行您自己的程序，由您的程序代替器件；
modbus 和 uart 读取型号，每个型号各是一个器件；loop 读取模块（waveshare-ai-8ch）上的电流。
`,
	EN: `
Drivers without a part of their name: board reads the machine that the gateway runs on, there is no part to play; process
runs a program of yours, which stands for the part; modbus and uart read profiles, each of which is a part; loop reads the
currents on a module (waveshare-ai-8ch).
`,
}

// statesOf lists a part's states; of those that are many of a sort, scene:smoke, only the
// sort, which listScenes tells.
func statesOf(p parts.Part) string {
	var words []string
	for _, s := range p.States {
		if sort, _, many := strings.Cut(s, ":"); many {
			s = sort + ":…"
		}
		if !slices.Contains(words, s) {
			words = append(words, s)
		}
	}
	return strings.Join(words, ",")
}

// pick returns a text in a language.
func pick(lang string, t scenario.Text) string {
	if lang == "zh" {
		return t.ZH
	}
	return t.EN
}

// language is the user's, from the environment.
func language() string {
	for _, key := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(key); v != "" {
			if strings.HasPrefix(v, "zh") {
				return "zh"
			}
			return "en"
		}
	}
	return "en"
}
