package command

import (
	"errors"
	"testing"
)

// A refused file is told with its first problem until a good one is taken over.
func TestRefusal(t *testing.T) {
	var r refusal
	if got := r.why(); got != "" {
		t.Errorf("before any reload: %q", got)
	}
	r.note(&exit{code: exitConfig}, "gw.yaml:4:3  E1101  there is no key zzz\n    4 |   zzz: 1\n")
	if got, want := r.why(), "gw.yaml:4:3  E1101  there is no key zzz"; got != want {
		t.Errorf("why() = %q, want %q", got, want)
	}
	r.note(errors.New("gw.yaml: permission denied"), "")
	if got, want := r.why(), "gw.yaml: permission denied"; got != want {
		t.Errorf("why() = %q, want %q", got, want)
	}
	r.note(nil, "gw.yaml:9:1  W2502  no device uses bus b\n")
	if got := r.why(); got != "" {
		t.Errorf("after a good one: %q", got)
	}
}
