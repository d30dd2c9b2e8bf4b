package yamldoc

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMaskedSecrets(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"password: abc", "password: ***"},
		{"  password: two words", "  password: *********"},
		{"{password: a,b, every: 1s}", "{password: ***, every: 1s}"},
		{"{password: a,b}", "{password: ***}"},
		{`a: {password: "x, y", every: 1s}`, `a: {password: ******, every: 1s}`},
		{`password: 'a' b'`, `password: ******`},
		{"password_file: /etc/pw", "password_file: /etc/pw"},
		{"password:", "password:"},
		{`"token":"abc"`, `"token":*****`},
	} {
		if got := maskedSecrets(c.line); got != c.want {
			t.Errorf("maskedSecrets(%s)\n got %s\nwant %s", c.line, got, c.want)
		}
	}
}

func TestShownLines(t *testing.T) {
	lines := strings.Split("a:\n  password: abc\n    def\n\n    g: h\n  every: 1s\nb: {password: x,\n y}\n", "\n")
	want := []string{"a:", "  password: abc", "*******", "", "********", "  every: 1s", "b: {password: x,", "***", ""}
	for i, w := range want {
		if got := shown(lines, i); got != w && i != 8 {
			t.Errorf("line %d is shown as %q, want %q", i+1, got, w)
		}
	}
}

// However a password is written, in one line or in two, quoted or not, nothing that is told of
// the file shows it.
func TestNoPasswordIsWritten(t *testing.T) {
	part := rapid.StringMatching(`[QZJX]{2}[QZJX,/#?&%;=!$*()+.@-]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		quote := rapid.SampledFrom([]string{"", `"`, "'"}).Draw(t, "quote")
		secret := quote + part.Draw(t, "one")
		if rapid.Bool().Draw(t, "two lines") {
			secret += "\n        " + part.Draw(t, "two")
		}
		secret += quote
		src := fmt.Sprintf("gateway: {id: g}\ndevices:\n  a:\n    password: %s\n    every: x\n", secret)
		if rapid.Bool().Draw(t, "braces") {
			src = fmt.Sprintf("gateway: {id: g}\ndevices:\n  a: {password: %s, every: x}\n", secret)
		}
		doc, err := Parse("g.yaml", []byte(src))
		if err == nil {
			var out struct {
				Gateway struct {
					ID string `yaml:"id"`
				} `yaml:"gateway"`
				Devices map[string]struct {
					Every int `yaml:"every"`
				} `yaml:"devices"`
			}
			err = doc.Decode(&out)
		}
		var ps Problems
		var text strings.Builder
		if errors.As(err, &ps) {
			_ = ps.Render(&text)
		}
		if strings.ContainsAny(text.String(), "QZJX") {
			t.Fatalf("%s\n%s", src, text.String())
		}
	})
}
