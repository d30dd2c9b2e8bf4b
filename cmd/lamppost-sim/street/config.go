package street

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"
)

//go:embed gateway.yaml.tmpl
var gatewayTemplate string

// Every is the interval of each device in the configuration that the simulator
// writes, as a verifier needs it.
func Every() map[string]time.Duration {
	return map[string]time.Duration{
		"river": 2 * time.Second, "weather": 2 * time.Second, "cabinet": 2 * time.Second, pump: 2 * time.Second,
		air: 2 * time.Second, underpass: time.Second, gauge: 10 * time.Second,
	}
}

// writeConfig writes the configuration of a gateway that stands in this street.
func (s *Street) writeConfig() error {
	text, err := s.config()
	if err != nil {
		return err
	}
	return os.WriteFile(s.ConfigPath(), []byte(text), 0o644)
}

func (s *Street) config() (string, error) {
	t, err := template.New("gateway.yaml").Option("missingkey=error").Funcs(template.FuncMap{"q": quote}).Parse(gatewayTemplate)
	if err != nil {
		return "", err
	}
	data := map[string]any{
		"Scenario": s.o.Scenario.Name, "About": s.o.Scenario.About,
		"Gateway": s.o.Gateway, "Broker": s.o.Broker, "Key": s.o.Key, "Journal": s.o.Journal, "Commit": s.o.Commit, "Status": s.o.Status,
		"Line": s.ports[line].Link(), "Air": s.ports[air].Link(), "Underpass": s.ports[underpass].Link(),
		"Pump": s.tcp.Addr().String(), "Camera": s.StillURL(), "Height": underpassHeight, "Datum": riverDatum,
		"Every": Every(),
	}
	var b strings.Builder
	if err := t.Execute(&b, data); err != nil {
		return "", fmt.Errorf("gateway.yaml: %w", err)
	}
	return b.String(), nil
}

// quote writes a string as YAML takes it in double quotes: JSON is YAML.
func quote(s string) string { return fmt.Sprintf("%q", s) }

// ConfigPath is the gateway configuration that Open writes.
func (s *Street) ConfigPath() string { return filepath.Join(s.o.Dir, "gateway.yaml") }

// TruthPath is the truth log.
func (s *Street) TruthPath() string { return filepath.Join(s.o.Dir, "truth.jsonl") }
