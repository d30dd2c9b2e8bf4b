package command

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/profile"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/rulepack"
)

// beside reads the device profiles and rule packs beside a configuration, anew each time:
// a reload takes changed ones over. It returns what the configuration is to be judged against,
// and everything wrong in the folder.
func (b *builtin) beside(file string, src []byte) (config.Env, yamldoc.Problems, error) {
	env, wrong, err := b.besideProfiles(file, src)
	if err != nil {
		return env, wrong, err
	}
	folder, ok := config.PacksFolder(file, src)
	if !ok {
		return env, wrong, nil
	}
	packs, more, err := b.extendedPacks(folder.Path)
	if err != nil {
		return env, append(wrong, folder.Problem(err)), nil
	}
	env.Beside.Digest = append(env.Beside.Digest, packs.Digest()...)
	env.Packs = gateway.PackUser(func() (*rulepack.Set, error) { return packs, nil })
	return env, append(wrong, more...), nil
}

func (b *builtin) besideProfiles(file string, src []byte) (config.Env, yamldoc.Problems, error) {
	env := b.env
	folder, ok := config.ProfilesFolder(file, src)
	if !ok {
		return env, nil, nil
	}
	profiles, wrong, err := b.extended(folder.Path)
	if err != nil {
		return env, yamldoc.Problems{folder.Problem(err)}, nil
	}
	env.Beside = config.Beside{Files: map[string]string{}, Digest: profiles.Digest()}
	for _, id := range profiles.IDs() {
		if f, _ := profiles.Get(id); f.About().Own {
			env.Beside.Files[id] = f.About().File
		}
	}
	env.Kinds, err = catalog.Add(catalog.Builtin(profiles), b.own...)
	return env, wrong, err
}

// extendedPacks is the built-in rule packs with those of a folder.
func (b *builtin) extendedPacks(path string) (*rulepack.Set, yamldoc.Problems, error) {
	if st, err := os.Stat(path); err != nil {
		return nil, nil, err
	} else if !st.IsDir() {
		return nil, nil, errors.New("it is a file")
	}
	built, err := b.packs()
	if err != nil {
		return nil, nil, err
	}
	packs, err := built.Extend(path, os.DirFS(path))
	var wrong yamldoc.Problems
	if errors.As(err, &wrong) {
		err = nil
	}
	return packs, wrong, err
}

// extended is the built-in profiles with those of a folder. The error is of a folder
// that cannot be read.
func (b *builtin) extended(path string) (*profile.Set, yamldoc.Problems, error) {
	if st, err := os.Stat(path); err != nil {
		return nil, nil, err
	} else if !st.IsDir() {
		return nil, nil, errors.New("it is a file")
	}
	profiles, err := b.profiles.Extend(path, os.DirFS(path))
	var wrong yamldoc.Problems
	if errors.As(err, &wrong) {
		wrong, err = b.misnamed(wrong), nil
	}
	return profiles, wrong, err
}

// origins says which profiles come from the folder beside the configuration, and what
// they replace.
func (b *builtin) origins(w io.Writer, cfg *config.Config, lang string) error {
	if cfg.Profiles == "" {
		return nil
	}
	profiles, _, err := b.extended(cfg.Profiles)
	if err != nil {
		return err // it was there a moment ago
	}
	any := false
	for _, id := range profiles.IDs() {
		p, _ := profiles.Get(id)
		f := p.About()
		if !f.Own {
			continue
		}
		any = true
		text := pick(lang, "profile %s from %s", "型号 %s 取自 %s")
		if f.Replaces {
			text = pick(lang, "profile %s from %s, in place of the built-in one", "型号 %s 取自 %s，替换内置型号")
		}
		if _, err := fmt.Fprintf(w, text+"\n", id, f.File); err != nil {
			return err
		}
	}
	if !any {
		_, err = fmt.Fprintf(w, pick(lang, "no profile in %s (files called *.yaml)\n", "%s 中没有型号文件（*.yaml）\n"), cfg.Profiles)
	}
	return err
}
