package drivertest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// odd are values that somebody may write for an option, of every kind and size.
var odd = []any{nil, "", "no such word", "\a✗", true, -1, 0, 1, 65536, -1e300, 1e300, []any{1, "x"}, map[string]any{"x": 1}}

// wrongOptions writes odd values for each option in turn. Each is either refused, and
// the error says which option is meant, or makes a plan as good as any other.
func wrongOptions(_ context.Context, b bench) error {
	var good map[string]any
	if err := yaml.Unmarshal([]byte(b.Good.Options), &good); err != nil {
		return fmt.Errorf("the good part's options: %w", err)
	}
	keys, err := optionKeys(b.Kind, b.Good.Options)
	if err != nil {
		return err
	}
	if err := b.strict(good); err != nil {
		return err
	}
	for _, key := range keys {
		for _, v := range odd {
			options, err := with(good, key, v)
			if err != nil {
				return err
			}
			if err := b.judged(options, keys); err != nil {
				return fmt.Errorf("options %s: %w", strings.TrimSpace(options), err)
			}
		}
	}
	return nil
}

// strict says whether an unknown option is refused.
func (b bench) strict(good map[string]any) error {
	options, err := with(good, "no_such_option", 1)
	if err != nil {
		return err
	}
	if _, err := Plan(b.Kind, options); err == nil {
		return fmt.Errorf("an option that does not exist is taken: Plan must return the error of decode")
	}
	return nil
}

// judged says what is wrong with how the driver takes options.
func (b bench) judged(options string, keys []string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("its Plan panics: %v", r)
		}
	}()
	p, err := Plan(b.Kind, options)
	var problems yamldoc.Problems
	var option *drivers.OptionError
	switch {
	case err == nil && p == nil:
		return fmt.Errorf("no plan and no error")
	case err == nil:
		return errors.Join(describePlan(b.Kind.Wire, p, b.Catalog)...)
	case errors.As(err, &problems):
		return nil
	case !errors.As(err, &option):
		return fmt.Errorf("%q is no *drivers.OptionError, so the configuration cannot say where the mistake is", err)
	}
	if key, _, _ := strings.Cut(option.Key, "."); !slices.Contains(keys, key) {
		return fmt.Errorf("the error is about %q, which is no option: %w", option.Key, err)
	}
	if option.Msg == "" {
		return fmt.Errorf("the error about %s does not say what would be valid", option.Key)
	}
	return nil
}

// optionKeys lists the keys of the struct that the driver decodes into.
func optionKeys(k drivers.Kind, options string) ([]string, error) {
	var into any
	_, err := k.Plan(func(out any) error { into = out; return decode(options, out) })
	return keysOf(reflect.TypeOf(into)), err
}

// with returns options as YAML, one of them changed.
func with(options map[string]any, key string, v any) (string, error) {
	changed := map[string]any{}
	for k, old := range options {
		changed[k] = old
	}
	changed[key] = v
	out, err := yaml.Marshal(changed)
	return string(out), err
}
