package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/profile"
	"github.com/spf13/cobra"
)

// screen is how wide a list may be: what a terminal beside another window shows.
const screen = 100

func profilesList(o Options) *cobra.Command {
	var set profileSet
	var doubts bool
	c := &cobra.Command{
		Use:   "list [WORD…]",
		Short: "every part that is known by a profile, or those with these words",
		Long: `list shows the parts that are known by a profile: id, protocol, name and channels, a
file of your own, and two words on how well the part is known. With words, those parts
whose id, protocol, name, maker or channels have all of them.

PRINT says how another part in its place is told. Strong: the part is asked for what
only it answers, and another one is the fault wrong-part. Weak: what does not fit is told
beside the values, as a suspicion. None: its document names nothing to ask for.
SURE is doubtful where the profile has doubts; --doubts shows them.

Exit codes: 0, 2 no such profile, 3 a profile beside the configuration has mistakes.`,
	}
	set.flags(c)
	c.Flags().BoolVar(&doubts, "doubts", false, "what is not settled in each of them")
	c.RunE = func(c *cobra.Command, words []string) error {
		b, err := o.loadBuiltin(true)
		if err != nil {
			return err
		}
		profiles, err := set.load(c, b)
		if err != nil {
			return err
		}
		var chosen []profile.Profile
		for _, id := range profiles.IDs() {
			if f, _ := profiles.Get(id); has(f, words, set.lang) {
				chosen = append(chosen, f)
			}
		}
		if len(chosen) == 0 {
			return &exit{exitUsage, fmt.Errorf(pick(set.lang, "no profile has all of these words: %s", "没有同时包含这些词的型号：%s"), strings.Join(words, " ")),
				pick(set.lang, "fewer words, or lamppost profiles list for all", "减少词数，或用 lamppost profiles list 查看全部")}
		}
		return shown(listProfiles(c.OutOrStdout(), chosen, doubts, set.lang))
	}
	return c
}

// listProfiles writes a line for each profile, and below it, set back, what would not go
// into it.
func listProfiles(w io.Writer, all []profile.Profile, doubts bool, lang string) error {
	rows := [][]string{strings.Fields(pick(lang, "PROFILE PROTOCOL PRINT SURE NAME", "型号 协议 识别 已确认 名称"))}
	for _, p := range all {
		rows = append(rows, listed(p, lang))
	}
	var b strings.Builder
	for i, line := range aligned(rows, screen) {
		b.WriteString(line)
		if i > 0 {
			below(&b, all[i-1], doubts, lang)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// below writes what stands under a profile's line.
func below(b *strings.Builder, p profile.Profile, doubts bool, lang string) {
	const margin = "  "
	f := p.About()
	texts := []string{channelNames(p)}
	if f.Own {
		texts = append(texts, pick(lang, "file: ", "文件：")+origin(f, lang))
	}
	if doubts {
		for _, d := range f.Doubts {
			texts = append(texts, pick(lang, "doubt: ", "存疑：")+d)
		}
	}
	for _, text := range texts {
		for _, line := range wrap(text, screen-len(margin)) {
			b.WriteString(margin + line + "\n")
		}
	}
}

func listed(p profile.Profile, lang string) []string {
	f, sure := p.About(), pick(lang, "yes", "是")
	if !f.Sure {
		sure = pick(lang, "doubtful", "存疑")
	}
	return []string{f.ID, f.Protocol, printText(p, lang), sure, f.Name.In(lang)}
}

// printText says how surely another part is told.
func printText(p profile.Profile, lang string) string {
	return pick(lang, string(p.Print()), map[profile.Print]string{profile.Strong: "强", profile.Weak: "弱", profile.NoPrint: "无"}[p.Print()])
}

func channelNames(p profile.Profile) string {
	var names []string
	for _, c := range p.Measures() {
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

// has says whether all words are in what is known of a profile, whatever their case.
func has(p profile.Profile, words []string, lang string) bool {
	f := p.About()
	text := strings.ToLower(strings.Join(append(listed(p, lang), f.Name.In("zh"), f.Name.In("en"), f.Maker, channelNames(p)), " "))
	for _, w := range words {
		if !strings.Contains(text, strings.ToLower(w)) {
			return false
		}
	}
	return true
}

// wrap breaks a text into lines of at most width places, between words or behind a
// character that takes two places. What cannot be broken stays whole.
func wrap(text string, width int) (lines []string) {
	line := ""
	for text != "" {
		n := breakAt(text)
		piece := text[:n]
		text = text[n:]
		if yamldoc.Width(strings.TrimRight(line+piece, " ")) > width && line != "" {
			lines = append(lines, strings.TrimRight(line, " "))
			line = ""
		}
		line += piece
	}
	return append(lines, strings.TrimRight(line, " "))
}

// breakAt is where the first piece of a text ends that stays together: a word with the
// blank behind it, or one wide character with the marks that must not begin a line.
func breakAt(text string) int {
	end := 0
	for i, r := range text {
		wide := yamldoc.Width(string(r)) > 1
		closing := strings.ContainsRune("，。；：、！？）》”’", r)
		switch {
		case i > 0 && text[i-1] == ' ' && r != ' ', i > 0 && end == i && !closing, wide && i > 0 && !closing:
			return i
		case wide:
			end = i + len(string(r))
		}
	}
	return len(text)
}
