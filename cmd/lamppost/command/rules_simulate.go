package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/buffer"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/rehearsal"
	"github.com/lamppost-city/lamppost/edge/rule"
	"github.com/lamppost-city/lamppost/edge/wire"
	"github.com/spf13/cobra"
)

// simulating is what the command was asked for.
type simulating struct {
	looking
	since, until moments
	only         []string
	asJSON       bool
}

func rulesSimulate(o Options) *cobra.Command {
	s := simulating{looking: looking{with: o}}
	c := &cobra.Command{
		Use:   "simulate [FILE…]",
		Short: "what the rules of a configuration would have done with recorded readings",
		Long: `simulate replays recorded readings to the rules of a configuration, by the evaluator that
the gateway runs: a timeline of what would have been raised, and for each rule how many
alerts and pre-alerts there would have been, how early, and how many for nothing. A
pre-alert that ends without its limit being reached counts as false.

Readings come from the journal, or from files:
  *.csv  what lamppost buffer export writes; or a column time and one for each
         device.channel, empty where there is no reading
  *.lp   InfluxDB line protocol: level,device=river v=2.71 …, or river level=2.71 …
Readings keep the flags they were recorded with; from elsewhere they count as good. The
spike tests of the configuration judge them anew: what is decided by the next reading
raises and is taken back as in the gateway. What the rules read and nobody recorded is told,
and which columns of a file fit no stream of the configuration. Derived streams are computed anew, as the
configuration has them now; where nothing was recorded of what they are made of, they
count as they were recorded. Where nothing was recorded the rules see
silence. Schedules follow the readings' own time of day. Times are those of the place
(gateway.time_zone), also in tables whose times have no offset.

Exit codes: 0, 1 nothing was found of what the rules read, 2 wrong usage, 3 wrong configuration or a file with mistakes, 7 permission,
8 no journal there, 130 cut short.`,
	}
	s.flags(c)
	c.Flags().Var(&s.since, "since", "from then on: 2h, 3d, 2026-11-20, \"2026-11-20 08:00\"")
	c.Flags().Var(&s.until, "until", "up to then")
	c.Flags().StringSliceVar(&s.only, "rule", nil, "of these rules only")
	c.Flags().BoolVar(&s.asJSON, "json", false, "as JSON: timeline and counts")
	c.RunE = s.run
	return c
}

func (s *simulating) run(c *cobra.Command, files []string) error {
	b, err := s.with.loadBuiltin(true)
	if err != nil {
		return err
	}
	b.lang = &s.lang
	cfg, err := b.load(s.config, c.ErrOrStderr())
	if err != nil {
		return err
	}
	if err := errors.Join(s.since.of(cfg.Gateway.Zone), s.until.of(cfg.Gateway.Zone)); err != nil {
		return &exit{exitUsage, err, ""}
	}
	rules, severities, err := s.rules(cfg)
	if err != nil {
		return err
	}
	out := &simulated{severities: severities, zone: cfg.Gateway.Zone, made: gateway.Made(cfg), builtin: b, lang: s.lang}
	sim := gateway.NewSimulation(cfg, b.metrics, rules, func(h rehearsal.Happening) {
		if s.asked(h.Rule) {
			out.timeline = append(out.timeline, h)
		}
	})
	take := func(r rehearsal.Record) {
		if !s.since.at.IsZero() && r.UnixMS < s.since.at.UnixMilli() || !s.until.at.IsZero() && r.UnixMS >= s.until.at.UnixMilli() {
			return
		}
		if sim.Reads(r.Stream) {
			sim.Take(r)
		}
	}
	if len(files) > 0 {
		var aside rehearsal.Aside
		aside, err = fromFiles(files, cfg, sim.Reads, take)
		out.undated, out.strange = aside.Undated, meantBy(aside.Columns, cfg)
	} else {
		out.undated, err = s.fromJournal(c, b, cfg, take)
	}
	if err != nil {
		return err
	}
	for _, t := range sim.Finish() {
		if s.asked(t.Rule) {
			out.tallies = append(out.tallies, t)
		} else {
			out.beside = append(out.beside, t.Rule)
		}
	}
	out.from, out.to = sim.Span()
	out.doubles = sim.Doubles()
	for _, st := range sim.Absent() {
		out.absent = append(out.absent, st.Device+"."+st.Channel)
	}
	tell := out.tell
	if s.asJSON {
		tell = out.json
	}
	if err := tell(c.OutOrStdout()); err != nil {
		return shown(err)
	}
	if out.from == 0 {
		return &exit{code: exitFindings}
	}
	return nil
}

// needed are the rules that are asked for, and those that they depend on: without them they
// would judge when a gateway does not.
func (s *simulating) needed(cfg *config.Config) (all []string) {
	depends := map[string][]string{}
	for _, r := range cfg.Rules {
		if depends[r.ID] = r.Depends; len(s.only) == 0 {
			all = append(all, r.ID)
		}
	}
	for todo := s.only; len(todo) > 0; todo = todo[1:] {
		if _, is := depends[todo[0]]; is && !slices.Contains(all, todo[0]) {
			all = append(all, todo[0])
			todo = append(slices.Clone(todo), depends[todo[0]]...)
		}
	}
	return all
}

// asked says whether a rule is one of those that are shown.
func (s *simulating) asked(id string) bool { return len(s.only) == 0 || slices.Contains(s.only, id) }

// rules compiles those that are needed.
func (s *simulating) rules(cfg *config.Config) (rules []*rule.Rule, severities map[string]string, err error) {
	severities = map[string]string{}
	var ids []string
	needed := s.needed(cfg)
	for _, r := range cfg.Rules {
		ids = append(ids, r.ID)
		if !slices.Contains(needed, r.ID) {
			continue
		}
		c, wrong := gateway.CompileRule(r, cfg.Streams())
		if len(wrong) > 0 {
			return nil, nil, errors.New(wrong[0].Msg) // the configuration was checked
		}
		rules, severities[r.ID] = append(rules, c), string(r.Severity)
	}
	for _, id := range s.only {
		if !slices.Contains(ids, id) {
			return nil, nil, &exit{exitUsage, fmt.Errorf("%s has no rule %q; %s", cfg.File, id, yamldoc.Hint(id, ids)), "lamppost rules list --config " + cfg.File}
		}
	}
	if len(rules) == 0 {
		return nil, nil, &exit{exitUsage, fmt.Errorf("%s has no rules", cfg.File), "write some under rules:, or use one of a pack (lamppost rules list)"}
	}
	return rules, severities, nil
}

// fromJournal reads what the gateway recorded, in the order in which it did.
func (s *simulating) fromJournal(c *cobra.Command, b *builtin, cfg *config.Config, take func(rehearsal.Record)) (undated int, err error) {
	dir := s.dir
	if dir == "" {
		dir = cfg.Journal.Dir
	}
	journal, err := gateway.OpenBuffer(dir, b.metrics)
	if err != nil {
		return 0, classifyLook(dir, err)
	}
	defer journal.Journal.Close()
	if len(journal.Journal.Segments()) == 0 {
		return 0, &exit{exitStorage, fmt.Errorf("%s holds no journal", dir), "name files to replay, or the directory with the .seg files (--dir)"}
	}
	bar := newBar(c.ErrOrStderr(), s.lang)
	_, err = journal.Walk(c.Context(), buffer.Filter{Since: s.since.at, Until: s.until.at, Undated: true, Kinds: []string{buffer.Reading}}, bar.show, func(e *buffer.Entry) error {
		if !e.Dated {
			undated++
			return nil
		}
		take(rehearsal.Record{UnixMS: e.UnixMS, Stream: e.Stream, Reading: e.Reading})
		return nil
	})
	bar.end()
	if cut := cutShort(c.Context()); cut != nil {
		return undated, cut
	}
	if err != nil {
		return undated, &exit{exitStorage, err, "the journal cannot be read to its end: lamppost buffer verify"}
	}
	return undated, nil
}

// fromFiles reads all files before it gives anything: their readings may lie between
// each other. Beside them it says which columns and streams the configuration does not have.
func fromFiles(files []string, cfg *config.Config, reads func(obs.Stream) bool, take func(rehearsal.Record)) (aside rehearsal.Aside, err error) {
	var all []rehearsal.Record
	known, strange := map[obs.Stream]bool{wire.HeartbeatStream: true}, map[obs.Stream]bool{}
	for _, s := range cfg.Streams() {
		known[s.Stream] = true
	}
	keep := func(r rehearsal.Record) {
		switch {
		case reads(r.Stream):
			all = append(all, r)
		case !known[r.Stream] && r.Quality.Flag != obs.Missing && !strange[r.Stream] && len(strange) < maxStrange:
			strange[r.Stream] = true
			aside.Columns = append(aside.Columns, r.Stream.Device+"."+r.Stream.Channel)
		}
	}
	for _, name := range files {
		one, err := fromFile(name, cfg.Gateway, keep)
		if err != nil {
			return aside, err
		}
		aside.Undated += one.Undated
		aside.Columns = append(aside.Columns, one.Columns...)
	}
	rehearsal.SortRecords(all)
	for _, r := range all {
		take(r)
	}
	return aside, nil
}

// maxStrange is how many streams are noted that the configuration does not have.
const maxStrange = 1000

// strange is the name of a column or stream that a file has and the configuration has not.
type strange struct {
	Name  string `json:"name"`
	Meant string `json:"meant,omitempty"` // the stream with the nearest name
}

// meantBy finds for names that fit no stream the one that they may stand for.
func meantBy(names []string, cfg *config.Config) (all []strange) {
	var known []string
	for _, s := range cfg.Streams() {
		known = append(known, s.Device+"."+s.Channel)
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		near, _ := yamldoc.Nearest(name, known)
		all = append(all, strange{name, near})
	}
	return all
}

func fromFile(name string, of config.Gateway, keep func(rehearsal.Record)) (aside rehearsal.Aside, err error) {
	f, err := os.Open(name)
	if err != nil {
		return aside, &exit{exitConfig, err, "name a file with readings: *.csv or *.lp"}
	}
	defer func() { _ = f.Close() }() // it was only read
	read := func(in io.Reader) (rehearsal.Aside, error) { return rehearsal.ReadCSV(in, of.Zone, keep) }
	switch ext := strings.ToLower(filepath.Ext(name)); ext {
	case ".csv":
	case ".lp", ".line", ".influx", ".txt":
		read = func(in io.Reader) (rehearsal.Aside, error) { return rehearsal.ReadLines(in, of.ID, keep) }
	default:
		return aside, &exit{exitUsage, fmt.Errorf("%s: what %q is cannot be told by its name", name, ext), "call it *.csv, or *.lp for line protocol"}
	}
	aside, err = read(f)
	var at *rehearsal.FormatError
	if errors.As(err, &at) {
		return aside, &exit{exitConfig, fmt.Errorf("%s:%d: %s", name, at.Line, at.Msg), at.Hint}
	}
	return aside, err
}
