package command

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/spf13/cobra"
)

func bufferCommand(o Options) *cobra.Command {
	c := &cobra.Command{
		Use:   "buffer",
		Short: "look into the journal: figures, entries, export, check",
		Long: `buffer looks into a gateway's journal, while the gateway runs, when it does not, and on a
copied card: it takes no lock and changes nothing there.

Without --dir the journal is the one that the configuration names. What a running
gateway took in the last moments (its commit interval) is not on the disk yet.`,
	}
	c.Args = cobra.NoArgs
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	c.AddCommand(bufferStats(o), bufferInspect(o), bufferExport(o), bufferVerify(o))
	return c
}

// looking is what the buffer commands have in common.
type looking struct {
	with              Options
	dir, config, lang string
}

func (l *looking) flags(c *cobra.Command) {
	c.Flags().StringVar(&l.dir, "dir", "", "the journal's directory, of a copied card for example")
	c.Flags().StringVar(&l.config, "config", defaultConfig, "the configuration that names the journal")
	langFlag(c, &l.lang)
}

// opened is a journal that is looked into.
type opened struct {
	*gateway.Buffer
	dir     string
	cfg     *config.Config // nil: --dir was given
	builtin *builtin
	lang    string
}

// open finds the journal and opens it for reading.
func (l *looking) open(c *cobra.Command) (*opened, error) {
	if l.lang != "" && l.lang != "zh" && l.lang != "en" {
		return nil, &exit{exitUsage, fmt.Errorf("--lang %q is not spoken here", l.lang), "write zh or en"}
	}
	b, err := l.with.loadBuiltin(true)
	if err != nil {
		return nil, err
	}
	b.lang = &l.lang
	o := &opened{dir: l.dir, builtin: b}
	defer func() { o.lang = l.lang }() // the configuration may have said which
	if o.dir == "" {
		if o.cfg, err = b.load(l.config, c.ErrOrStderr()); err != nil {
			return nil, elsewhere(err)
		}
		o.dir = o.cfg.Journal.Dir
	}
	if o.Buffer, err = gateway.OpenBuffer(o.dir, b.metrics); err != nil {
		return nil, classifyLook(o.dir, err)
	}
	if len(o.Journal.Segments()) == 0 {
		return nil, &exit{exitStorage, fmt.Errorf("%s holds no journal", o.dir), "name the directory that the configuration calls journal.dir, the one with the .seg files"}
	}
	return o, nil
}

// elsewhere says that a configuration is not the only way to name a journal.
func elsewhere(err error) error {
	var e *exit
	if errors.As(err, &e) {
		return &exit{e.code, e.err, "name the configuration (--config FILE), or the journal itself (--dir " + config.DefaultDir + ")"}
	}
	return err
}

// classifyLook gives an error of looking its exit code.
func classifyLook(dir string, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return &exit{exitPermission, err, "run it as root or as the gateway's user: sudo lamppost …"}
	case errors.Is(err, fs.ErrNotExist):
		return &exit{exitStorage, fmt.Errorf("there is no directory %s", dir), "name the one that the configuration calls journal.dir"}
	default:
		return &exit{exitStorage, err, ""}
	}
}

// gatewayID is the gateway's, if the configuration said so.
func (o *opened) gatewayID() string {
	if o.cfg == nil {
		return ""
	}
	return o.cfg.Gateway.ID
}

// zone is the offset of local time, as it stands over a column of times.
func zone(at time.Time) string { return at.Format("-07:00") }
