package chinese

import (
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// flagName is the flag by which a person chooses the language.
const flagName = "lang"

// tongue is a language that the programs speak.
type tongue string

func (t *tongue) String() string { return string(*t) }
func (*tongue) Type() string     { return "string" }

func (t *tongue) Set(s string) error {
	if s != "zh" && s != "en" {
		return errors.New("write zh or en")
	}
	*t = tongue(s)
	return nil
}

// Speak gives a program the flag --lang, which every command of it takes then, and its
// help in both languages.
func Speak(root *cobra.Command) {
	var t tongue
	root.PersistentFlags().Var(&t, flagName, "zh or en; default: the environment's (LANG)")
	english := root.HelpFunc()
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		if Asked(c) {
			_ = Help(c.OutOrStdout(), c) // nothing can be said where nothing can be written
			return
		}
		english(c, args)
	})
}

// Asked says whether a command is to speak Chinese: its flag says so, else the
// environment.
func Asked(c *cobra.Command) bool {
	if c != nil {
		if f := c.Root().PersistentFlags().Lookup(flagName); f != nil && f.Value.String() != "" {
			return f.Value.String() == "zh"
		}
	}
	for _, key := range [...]string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(key); v != "" {
			return strings.HasPrefix(v, "zh")
		}
	}
	return false
}

// For is an English text as a command is to say it.
func For(c *cobra.Command, en string) string {
	if Asked(c) {
		return Or(en)
	}
	return en
}
