package command

import (
	"errors"
	"fmt"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/rulepack"
	"github.com/spf13/cobra"
)

func rulesCommand(o Options) *cobra.Command {
	c := &cobra.Command{
		Use:   "rules",
		Short: "what raises alerts: rules to use, their tests, what they would have done, why one fires",
		Long: `rules shows the rules that packs offer and those of a configuration, tests them on made-up
readings, replays recorded readings to them, and asks the gateway that runs why one of them
fires or does not. A pack of your own goes into a folder that the configuration names
(packs: packs).`,
		Args: cobra.NoArgs,
	}
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	c.AddCommand(rulesList(o), rulesShow(o), rulesTest(o), rulesSimulate(o), rulesExplain(o))
	return c
}

// packSet is which packs a command speaks of.
type packSet struct {
	config, folder, lang string
}

func (s *packSet) flags(c *cobra.Command) {
	c.Flags().StringVar(&s.config, "config", "", "a configuration: its rules, and the packs beside it")
	c.Flags().StringVar(&s.folder, "folder", "", "a folder: with the packs in it")
	langFlag(c, &s.lang)
	c.MarkFlagsMutuallyExclusive("config", "folder")
}

// load returns the built-in packs with those of the folder that is meant.
func (s *packSet) load(c *cobra.Command, b *builtin) (*rulepack.Set, error) {
	folder := s.folder
	if s.config != "" {
		src, err := readFile(s.config)
		if err != nil {
			return nil, err
		}
		b.lang = &s.lang
		b.speak(s.config, src)
		if f, ok := config.PacksFolder(s.config, src); ok {
			folder = f.Path
		}
	}
	if folder == "" {
		return b.packs()
	}
	packs, wrong, err := b.extendedPacks(folder)
	if err != nil {
		return nil, &exit{exitConfig, fmt.Errorf("the folder of packs: %w", err), "name a folder with rule packs: --folder FOLDER"}
	}
	if len(wrong) > 0 {
		return nil, refused(c, wrong, s.lang)
	}
	return packs, nil
}

func packOrigin(p *rulepack.Pack, lang string) string {
	switch {
	case !p.Own:
		return pick(lang, "built in", "内置")
	case p.Replaces:
		return p.File + pick(lang, ", in place of the built-in one", "，替换内置规则包")
	}
	return p.File
}

func noRule(id string, packs *rulepack.Set) error {
	return &exit{exitUsage, fmt.Errorf("no pack has a rule %q; %s", id, yamldoc.Hint(id, packs.RuleIDs())), "lamppost rules list"}
}

// severityText names severities, the least severe first, as an alert climbs them.
func severityText(all []string, lang string) string {
	zh := map[string]string{"red": "红", "orange": "橙", "yellow": "黄", "blue": "蓝"}
	var names []string
	for i := len(all) - 1; i >= 0; i-- {
		names = append(names, pick(lang, all[i], zh[all[i]]))
	}
	return strings.Join(names, pick(lang, " ", " "))
}

// severitiesOf are all that a pack's rule can raise.
func severitiesOf(r *rulepack.Rule) []string {
	if len(r.Severities) > 0 {
		return r.Severities
	}
	return []string{r.Severity()}
}

// found says whether problems stop a command, and shows them.
func found(c *cobra.Command, wrong yamldoc.Problems, lang string) error {
	if len(wrong) == 0 {
		return nil
	}
	if err := told(wrong.Sorted(), lang, c.OutOrStdout()); err != nil {
		return shown(err)
	}
	var ps yamldoc.Problems
	if errors.As(wrong.Err(), &ps) {
		return &exit{code: exitConfig}
	}
	return nil
}
