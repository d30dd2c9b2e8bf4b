package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/edge/config"
)

// What the field guide shows of derived streams is taken as it stands, in both languages.
func TestDerivedSampleLoads(t *testing.T) {
	for file, heading := range map[string]string{"../../docs/field-engineers.md": "## Derived streams", "../../docs/field-engineers.zh-CN.md": "## 派生数据流"} {
		page, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, section, _ := strings.Cut(string(page), heading)
		_, src, _ := strings.Cut(section, "```yaml\n")
		src, _, ok := strings.Cut(src, "```")
		if !ok {
			t.Fatalf("%s has no example under %s", file, heading)
		}
		c, err := config.Load("sample.yaml", []byte(src), env(t))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if len(c.Derived) != 6 || len(c.Rules) != 2 {
			t.Errorf("%s: %d derived streams, %d rules", file, len(c.Derived), len(c.Rules))
		}
	}
}
