package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"unicode"
)

// What a log in JSON is read as is what was logged; what stands in it acts on no terminal.
func TestJSONLogActsOnNoTerminal(t *testing.T) {
	for _, text := range []string{"river", "turn\u202egnp.exe\u2066x", "c1\u009b31m\u0085", "esc\x1b[31m", "del\x7f", "汉字 \" \\", "a\nb", "\u200f\u061c"} {
		var out bytes.Buffer
		slog.New(slog.NewJSONHandler(escaping{&out}, nil)).Info(text, "k", text)
		if strings.ContainsFunc(strings.TrimSuffix(out.String(), "\n"), func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			t.Errorf("%q stands as it is in %s", text, out.Bytes())
		}
		var got struct{ Msg, K string }
		if err := json.Unmarshal(out.Bytes(), &got); err != nil || got.Msg != text || got.K != text {
			t.Errorf("%q is read as %+v, %v", text, got, err)
		}
	}
}
