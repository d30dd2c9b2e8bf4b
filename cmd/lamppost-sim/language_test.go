package main

import (
	"testing"

	"github.com/lamppost-city/lamppost/cmd/chinese"
)

// Every command and every flag has its help in Chinese, which speaks of the same flags,
// files and numbers as the English one.
func TestEveryHelpInChinese(t *testing.T) {
	for _, missing := range chinese.Untold(root("test")) {
		t.Error(missing)
	}
}
