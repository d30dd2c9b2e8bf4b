package command

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cmd/chinese"
)

// Every command and every flag has its help in Chinese, which speaks of the same flags,
// files and numbers as the English one.
func TestEveryHelpInChinese(t *testing.T) {
	for _, missing := range chinese.Untold(rootCommand(Options{Version: "test"})) {
		t.Error(missing)
	}
}

// foreign are words of an English sentence that are no keys, functions or commands.
var foreign = regexp.MustCompile(`(?i)\b(the|an|of|are|it|been|has|have|here|there|this|that|than|which|what|where|like|into|cannot|does|your|its|them|they|but|how|was|were|will|must|more|between|no|write|delete|add)\b`)

// inEnglish is what a Chinese answer leaves in English: what is quoted, a flag or a key is
// none of it.
func inEnglish(line string) string {
	return foreign.FindString(regexp.MustCompile("\"[^\"]*\"|`[^`]*`|--[a-z-]+|[a-z_]+:").ReplaceAllString(line, ""))
}

// Each wrong configuration is answered in Chinese, line for line.
func TestWrongConfigurationsInChinese(t *testing.T) {
	files, err := filepath.Glob("../../../edge/config/testdata/*.bad.yaml")
	must(t, err)
	if len(files) < 30 {
		t.Fatalf("%d wrong configurations", len(files))
	}
	b, err := Options{}.loadBuiltin(false)
	must(t, err)
	zh := "zh"
	b.lang = &zh
	for _, file := range files {
		var out strings.Builder
		if _, err := b.load(file, &out); err == nil {
			t.Errorf("%s is good", file)
		}
		for line := range strings.Lines(out.String()) {
			_, text, problem := strings.Cut(line, filepath.Base(file)+":")
			under, mark, marked := strings.Cut(line, "^ ")
			marked = marked && strings.Trim(under, " |^") == "" // else it is a power in somebody's rule
			if problem && !hasChinese(text) || inEnglish(text) != "" || marked && !hasChinese(mark) || marked && inEnglish(mark) != "" {
				t.Errorf("%s", line)
			}
		}
	}
}
