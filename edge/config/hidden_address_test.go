package config_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/edge/config"
	"pgregory.net/rapid"
)

// However a name or password stands in an address, and whether the file is good or not,
// nothing that is written of the file shows it: not the errors, not the lines under them,
// not the resolved view.
func TestNoPasswordOfAnAddressIsWritten(t *testing.T) {
	secret := rapid.StringMatching(`[QZJX@/#?:&%,;=!$*()+.-]{0,8}[QZJX]{3}[QZJX@/#?:&%,;=!$*()+.-]{0,8}`)
	with := env(t)
	rapid.Check(t, func(t *rapid.T) {
		login, query := "", "?user=u&pwd="+secret.Draw(t, "query")
		if rapid.Bool().Draw(t, "login") {
			login = "admin:" + secret.Draw(t, "password") + "@"
		}
		if rapid.Bool().Draw(t, "name") {
			login = secret.Draw(t, "name") + "@"
		}
		quote := rapid.SampledFrom([]string{`"`, `'`}).Draw(t, "quote")
		at := func(scheme string) string { return quote + scheme + "://" + login + "h.example.org/a" + query + quote }
		src := fmt.Sprintf("gateway: {id: g}\nuplink: {broker: %s, proxy: %s}\ndevices:\n  a: {driver: camera, url: %s, every: 30s}\n  b: {driver: camera, url: %s}\nnotify:\n  p: {webhook: %s}\n  q: {mqtt: %s, topic: t}\n",
			at("wss"), at("http"), at("http"), at("rtsp"), at("http"), at("mqtt"))
		if rapid.Bool().Draw(t, "alone") {
			src = fmt.Sprintf("gateway: {id: g}\ndevices:\n  a: {driver: camera, url: %s, every: 30s}\n", at("http"))
		}
		var out strings.Builder
		cfg, err := config.Load("g.yaml", []byte(src), with)
		var ps yamldoc.Problems
		if errors.As(err, &ps) {
			out.WriteString(err.Error())
		}
		if err := ps.RenderIn(&out, "zh"); err != nil {
			t.Fatal(err)
		}
		if cfg != nil {
			if err := errors.Join(cfg.Show(&out), cfg.Warnings.Render(&out)); err != nil {
				t.Fatal(err)
			}
		}
		if strings.ContainsAny(out.String(), "QZJX") {
			t.Fatalf("%s\n%s", src, out.String())
		}
	})
}
