package docstest

import "testing"

// A rule pack is a file with its own tests: with nothing else a site uses it.
func TestIntegratorsWalkRules(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds two programs")
	}
	const page = "docs/integrators.md"
	blocks := blocksOf(t, page, "## A rule pack of your own")
	if n := begin(t, page).follow(blocks); n < 12 {
		t.Errorf("only %d blocks were carried out; the test is looking for the wrong thing", n)
	}
}
