package command

import (
	"fmt"
	"io/fs"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/profile"
	"github.com/lamppost-city/lamppost/edge/config"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
	"github.com/spf13/cobra"
)

func profilesCommand(o Options) *cobra.Command {
	c := &cobra.Command{
		Use:   "profiles",
		Short: "the parts that are described by a file: what there is, one of them, the test of a new one",
		Long: `profiles shows the parts that are known by a profile, a file that says how they talk
(a register map, the frames of a serial line), and tests the profile of a new one. A profile of your own goes into a folder that
the configuration names (profiles: profiles); it needs no new program.`,
		Args: cobra.NoArgs,
	}
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	c.AddCommand(profilesList(o), profilesShow(o), profilesTry(o), profilesSchema())
	return c
}

// profileSet is which profiles a command speaks of.
type profileSet struct {
	config, folder, lang string
}

func (s *profileSet) flags(c *cobra.Command) {
	c.Flags().StringVar(&s.config, "config", "", "a configuration: with the profiles beside it")
	c.Flags().StringVar(&s.folder, "folder", "", "a folder: with the profiles in it")
	langFlag(c, &s.lang)
	c.MarkFlagsMutuallyExclusive("config", "folder")
}

// load returns the built-in profiles with those of the folder that is meant.
func (s *profileSet) load(c *cobra.Command, b *builtin) (*profile.Set, error) {
	folder := s.folder
	if s.config != "" {
		src, err := readFile(s.config)
		if err != nil {
			return nil, err
		}
		b.lang = &s.lang
		b.speak(s.config, src)
		f, ok := config.ProfilesFolder(s.config, src)
		if !ok {
			return b.profiles, nil
		}
		folder = f.Path
	}
	if folder == "" {
		return b.profiles, nil
	}
	profiles, wrong, err := b.extended(folder)
	if err != nil {
		return nil, &exit{exitConfig, fmt.Errorf("the folder of profiles: %w", err), "name a folder with profiles: --folder FOLDER"}
	}
	if len(wrong) > 0 {
		return nil, refused(c, wrong, s.lang)
	}
	return profiles, nil
}

// refused shows what is wrong in a file.
func refused(c *cobra.Command, wrong yamldoc.Problems, lang string) error {
	if err := told(wrong, lang, c.OutOrStdout()); err != nil {
		return shown(err)
	}
	return &exit{code: exitConfig}
}

func origin(f *profile.Head, lang string) string {
	switch {
	case !f.Own:
		return pick(lang, "built in", "内置")
	case f.Replaces:
		return f.File + pick(lang, ", in place of the built-in one", "，替换内置型号")
	}
	return f.File
}

// profileText is the file of a profile, as it is written.
func profileText(f *profile.Head) ([]byte, error) {
	if f.Own {
		return readText(f.File)
	}
	return fs.ReadFile(firmwareconfigs.Devices(), f.File)
}
