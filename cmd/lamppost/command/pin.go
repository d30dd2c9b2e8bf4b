package command

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/lamppost-city/lamppost/edge/pin"
	"github.com/spf13/cobra"
)

func pinCommand(with Options) *cobra.Command {
	l := looking{with: with}
	anew := false
	c := &cobra.Command{
		Use:   "pin",
		Short: "the PIN that opens the cameras on the gateway's page",
		Long: `pin says since when there is a PIN; it cannot be shown again, only its hash is kept. With --new it
makes another one and shows it once. That counts at once, also for a gateway that runs: the old
one opens nothing any more, who is inside is asked again, and a page that was closed after
wrong PINs is open.

Exit codes: 0 done, 1 there is none yet, 2 wrong usage, 3 wrong configuration, 7 permission, 8 the folder cannot be written.`,
		Args: cobra.NoArgs,
	}
	l.flags(c)
	c.Flags().BoolVar(&anew, "new", false, "make another one and show it")
	c.RunE = func(c *cobra.Command, _ []string) error {
		dir, err := l.place(c)
		if err != nil {
			return err
		}
		if anew {
			return newPIN(c, dir, l.lang)
		}
		made, err := pin.Made(dir)
		switch {
		case errors.Is(err, pin.ErrNone):
			return &exit{exitFindings, err, "a gateway with a camera makes one at its first start; lamppost pin --new makes one now"}
		case errors.Is(err, fs.ErrPermission):
			return &exit{exitPermission, err, "run it as root or as the gateway's user: sudo lamppost pin"}
		case err != nil:
			return &exit{exitFindings, err, ""}
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), pick(l.lang, "there is a PIN, made %s; lamppost pin --new makes another one\n", "已有 PIN，生成于 %s；lamppost pin --new 可重新生成\n"), made.Local().Format("2006-01-02 15:04:05 -07:00"))
		return err
	}
	return c
}

// newPIN makes a number and shows it.
func newPIN(c *cobra.Command, dir, lang string) error {
	number, err := pin.Make(dir, time.Now())
	switch {
	case errors.Is(err, fs.ErrPermission):
		return &exit{exitPermission, err, "run it as root or as the gateway's user: sudo lamppost pin --new"}
	case err != nil:
		return classify(err)
	}
	if err := handOver(dir); err != nil {
		return &exit{exitPermission, err, "give the files in " + dir + " to the gateway's user, or it cannot start: chown"}
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), pick(lang, "%s\nThis PIN opens the cameras on the gateway's page. It is shown only now.\n", "%s\n此 PIN 用于打开网关页面上的摄像机画面，仅显示这一次。\n"), number)
	return err
}
