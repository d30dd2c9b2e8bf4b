package command

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/catalog"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/profile"
	"github.com/lamppost-city/lamppost/edge/board"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/rulepack"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// defaultConfig is where the service unit looks.
const defaultConfig = "/etc/lamppost/gateway.yaml"

// builtin is what is compiled in.
type builtin struct {
	metrics  *obs.Catalog
	profiles *profile.Set
	packs    func() (*rulepack.Set, error) // read when somebody needs them
	own      []drivers.Kind
	boards   *board.Profiles
	host     board.Host
	lang     *string // of the command's answers; nil: the environment's
	env      config.Env
}

func (o Options) loadBuiltin(insecure bool) (*builtin, error) {
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		return nil, err
	}
	profiles, err := catalog.Profiles(firmwareconfigs.Devices())
	if err != nil {
		return nil, err
	}
	packs := sync.OnceValues(func() (*rulepack.Set, error) { return gateway.ReadPacks(metrics, firmwareconfigs.Rules()) })
	boards, err := board.ParseProfiles(firmwareconfigs.Boards())
	if err != nil {
		return nil, err
	}
	kinds, err := catalog.Add(catalog.Builtin(profiles), o.Kinds...)
	if err != nil {
		return nil, &exit{exitUsage, err, "this program was built with it: see its main package"}
	}
	b := &builtin{metrics: metrics, profiles: profiles, packs: packs, own: o.Kinds, boards: boards}
	b.env = config.Env{Kinds: kinds, Catalog: metrics, Rules: gateway.RuleChecker, Packs: gateway.PackUser(packs), Derived: gateway.DerivedChecker(metrics), Insecure: insecure, Storage: b.storage, StableName: stableName}
	return b, nil
}

// storage says how often the disk of this machine that holds dir is to be flushed.
func (b *builtin) storage(dir string) config.Storage {
	d := b.host.Disk(dir)
	return config.Storage{Commit: b.boards.For(b.host.Model()).Disks[d.Kind].Commit, Why: d.String()}
}

// load reads a configuration and shows what is wrong with it on w.
func (b *builtin) load(path string, w io.Writer) (*config.Config, error) {
	src, err := readFile(path)
	if err != nil {
		return nil, err
	}
	b.speak(path, src)
	return b.assess(path, src, b.spoken(), w)
}

// assess says of a configuration's text what is wrong with it, on w, in a language.
func (b *builtin) assess(path string, src []byte, lang string, w io.Writer) (*config.Config, error) {
	env, problems, err := b.beside(path, src)
	if err != nil {
		return nil, err
	}
	cfg, err := config.Load(path, src, env)
	var more yamldoc.Problems
	switch {
	case errors.As(err, &more), len(problems) > 0:
		if err := told(append(problems, more...), lang, w); err != nil {
			return nil, err
		}
		return nil, &exit{code: exitConfig}
	case err != nil:
		return nil, &exit{code: exitConfig, err: err}
	}
	if len(cfg.Warnings) > 0 {
		if err := told(cfg.Warnings, lang, w); err != nil {
			return nil, err
		}
	}
	return cfg, nil
}

func summary(cfg *config.Config, lang string) string {
	text := fmt.Sprintf(pick(lang, "%s: good (revision %s): gateway %s, %d devices, %d streams, %d rules", "%s：配置有效（版本 %s）：网关 %s，%d 台设备，%d 路数据，%d 条规则"),
		cfg.File, cfg.Hash, cfg.Gateway.ID, len(cfg.Devices), len(cfg.Streams()), len(cfg.Rules))
	if len(cfg.Derived) > 0 {
		text += fmt.Sprintf(pick(lang, ", %d derived", "，%d 项推算"), len(cfg.Derived))
	}
	return text
}
