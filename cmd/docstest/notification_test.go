package docstest

import (
	"slices"
	"strings"
	"testing"
)

// The page on notification says the same in both languages; the operations center's pages
// lead there.
func TestNotificationPagesAreInStep(t *testing.T) {
	const enPage, zhPage = "docs/notification.md", "docs/notification.zh-CN.md"
	en, zh := read(t, enPage), read(t, zhPage)
	for what, of := range map[string]func(string) []string{
		"heading levels": levels, "inline commands": commands, "kinds of lines": shape,
		"sh blocks":   func(md string) []string { return blocks(md, "sh") },
		"yaml blocks": func(md string) []string { return blocks(md, "yaml") },
	} {
		if a, b := of(en), of(zh); len(a) == 0 || !slices.Equal(a, b) {
			t.Errorf("the %s differ, or there are none:\n  %s  %q\n  %s  %q", what, enPage, a, zhPage, b)
		}
	}
	for page, link := range map[string]string{"docs/operations-center.md": "(notification.md)", "docs/operations-center.zh-CN.md": "(notification.zh-CN.md)"} {
		if !strings.Contains(read(t, page), link) {
			t.Errorf("%s does not lead to %s", page, link)
		}
	}
}
