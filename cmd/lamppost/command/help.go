package command

import (
	"slices"

	"github.com/lamppost-city/lamppost/cmd/chinese"
	"github.com/spf13/cobra"
)

// speaking gives every command below root the flag --lang, its help in both languages,
// and each group of commands the word help.
func speaking(root *cobra.Command) {
	var asked string
	root.PersistentFlags().Var((*lang)(&asked), langName, langUsage)
	english := root.HelpFunc()
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		if f := c.Flags().Lookup(langName); helpIn(asked, f != nil && f.Changed, langOf(c)) == "zh" {
			_ = chinese.Help(c.OutOrStdout(), c) // nothing can be said where nothing can be written
			return
		}
		english(c, args)
	})
	for _, group := range root.Commands() {
		if group.HasSubCommands() {
			group.AddCommand(helpOf(group))
		}
	}
}

// helpIn is the language of a help: what was said at the command, else before it, else the
// environment's.
func helpIn(asked string, here bool, of string) string {
	if here || asked == "" {
		return of
	}
	return asked
}

// helpOf is the word help behind a group of commands: rules help, rules help test.
func helpOf(group *cobra.Command) *cobra.Command {
	return &cobra.Command{Use: "help [COMMAND]", Short: "Help about any command", Hidden: true, Run: func(c *cobra.Command, args []string) {
		of := group
		if i := slices.IndexFunc(group.Commands(), func(s *cobra.Command) bool { return len(args) > 0 && s.Name() == args[0] }); i >= 0 {
			of = group.Commands()[i]
		}
		_ = of.Help() // it ends in nothing but the writing
	}}
}
