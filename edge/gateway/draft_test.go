package gateway_test

import (
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/gateway"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// What a pack's own texts say is judged where they stand, before any site uses them: units
// of parameters, functions, and what can never be.
func TestPacksAreJudged(t *testing.T) {
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	const head = "name: {zh: 水, en: water}\nrules:\n  w:\n    about: {zh: 水, en: water}\n    parameters:\n" +
		"      level: {is: stream, metric: level, about: {zh: 位, en: level}}\n      air: {is: stream, metric: temp, about: {zh: 温, en: air}}\n" +
		"      high: {is: number, unit: m, default: 3 m, about: {zh: 高, en: high}}\n      low: {is: number, unit: m, example: -1, about: {zh: 低, en: low}}\n      fast: {is: number, unit: m/h, default: 0.5, about: {zh: 快, en: fast}}\n      hot: {is: number, unit: ℃, default: 40, about: {zh: 热, en: hot}}\n" +
		"      over: {is: duration, default: 10m, about: {zh: 时, en: over}}\n    severity: red\n    message: {zh: 水, en: water}\n"
	for text, want := range map[string]string{
		`when: "level > high"`: "",
		`when: "rate(level, over) > fast and level > low + 0.1"`: "",
		`when: "level > high * 0.9 and stale(air) > over"`:       "",
		`when: "level > hot"`:                                            "w.yaml:15:12: E3114 m and ℃ do not go together",
		`when: "level > high and air - low > hot"`:                       "w.yaml:15:29: E3114 ℃ and m do not go together",
		`when: "level > fast"`:                                           "w.yaml:15:12: E3114 m and m/h do not go together",
		`when: "level > over"`:                                           "w.yaml:15:12: E3114 m and s do not go together",
		`when: "level > high + hot"`:                                     "w.yaml:15:20: E3114 m and ℃ do not go together",
		`when: "averge(level, over) > high"`:                             "w.yaml:15:12: E3103 there is no function \"averge\"",
		`when: "avg(level, high) > high"`:                                "w.yaml:15:23: E3104 the window must be a constant duration",
		`when: "level > high AND air > hot"`:                             "w.yaml:15:25: E3101 rules have no \"AND\"",
		`when: "level / 0 > high"`:                                       "w.yaml:15:20: E3119 nothing can be divided by 0",
		"when: \"level > high\"\n    clear: \"level < high + hot\"":      "w.yaml:16:21: E3114 m and ℃ do not go together",
		"when: \"level > high\"\n    clear: \"level < high + 1\"":        "w.yaml:16:13: E3109 clear 4 is above raise 3",
		"when: \"level > high\"\n    forecast: {within: 3h, window: 1h}": "w.yaml:16:36: E3112 the readings of 1h cannot tell what is in 3h",
	} {
		_, err := gateway.PackReader(metrics).Parse("w.yaml", "w", []byte(head+"    "+text+"\n"))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if (want == "") != (got == "") || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
