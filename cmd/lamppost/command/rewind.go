package command

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/lamppost-city/lamppost/edge/control"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/spf13/cobra"
)

func rewindCommand(with Options) *cobra.Command {
	l := looking{with: with}
	var since moments
	var everything bool
	c := &cobra.Command{
		Use:   "rewind --since TIME",
		Short: "send again what the cloud has lost",
		Long: `rewind makes the gateway send again, as history, what it still holds from a moment on: for a
cloud that was restored from an older copy. It asks the running gateway; if none runs
there, it notes the wish in the journal and the next start carries it out.

What a store already has is recognised there and stored once: asking for too much costs
only bytes on the link. What the gateway does not hold any more cannot come again.

Exit codes: 0 done, 1 the gateway declined, 2 wrong usage, 3 wrong configuration, 6 the gateway runs
and cannot be asked, 7 permission, 8 no journal there.`,
		Args: cobra.NoArgs,
	}
	l.flags(c)
	c.Flags().Var(&since, "since", "from then on: 2h, 3d, 2026-11-20, \"2026-11-20 08:00\"")
	c.Flags().BoolVar(&everything, "everything", false, "all that there is")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if everything && !since.at.IsZero() {
			return &exit{exitUsage, errors.New("--since and --everything are both there"), "write only one of them"}
		}
		if !everything && since.at.IsZero() {
			return &exit{exitUsage, errors.New("from when on?"), "write --since 2h, --since \"2026-11-20 08:00\" or --everything"}
		}
		if since.at.After(time.Now()) {
			return &exit{exitUsage, fmt.Errorf("%s has not come yet", since.text), "write a time that has passed"}
		}
		o, err := l.open(c) // that there is a journal, before one is made
		if err != nil {
			return err
		}
		o.Journal.Close()
		n, asked, err := rewind(c, o.dir, since.at)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(c.OutOrStdout(), rewindText(n, asked, since.at, o.lang))
		return err
	}
	return c
}

// rewind asks the running gateway, or does it if none runs.
func rewind(c *cobra.Command, dir string, since time.Time) (n uint64, asked bool, err error) {
	n, err = gateway.AskRewind(c.Context(), dir, since)
	switch {
	case err == nil:
		return n, true, nil
	case errors.Is(err, fs.ErrPermission):
		return 0, true, &exit{exitPermission, err, "run it as root or as the gateway's user: sudo lamppost rewind …"}
	case !errors.Is(err, control.ErrAbsent):
		return 0, true, &exit{exitFindings, err, ""}
	}
	n, err = gateway.Rewind(dir, since)
	if oerr := handOver(dir); err == nil && oerr != nil {
		return n, false, &exit{exitPermission, oerr, "give the files in " + dir + " to the gateway's user, or it cannot start: chown"}
	}
	switch {
	case errors.Is(err, journal.ErrLocked):
		return 0, false, &exit{exitInUse, err, "the gateway runs but cannot be asked (its log says why): stop it, run this again, start it"}
	case err != nil:
		return 0, false, classify(err)
	}
	return n, false, nil
}

func rewindText(n uint64, asked bool, since time.Time, lang string) string {
	from := pick(lang, "all that there is", "全部数据")
	if !since.IsZero() {
		from = fmt.Sprintf(pick(lang, "what was taken since %s", "%s 以来的数据"), since.Format("2006-01-02 15:04:05 -07:00"))
	}
	switch {
	case n == 0:
		return fmt.Sprintf(pick(lang, "%s: no store has acknowledged any of it, it is sent anyway", "%s：尚无存储确认过，本来就会上传"), from)
	case asked:
		return fmt.Sprintf(pick(lang, "%s: %s records are sent again, behind the present", "%s：将重新上传 %s 条记录，实时数据优先"), from, grouped(n))
	default:
		return fmt.Sprintf(pick(lang, "%s: %s records are sent again as soon as the gateway starts", "%s：网关启动后将重新上传 %s 条记录"), from, grouped(n))
	}
}
