package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/aggregator"
	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/settings"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// dataDir makes a data directory as an aggregator leaves it, and cloud.yaml that names it.
func dataDir(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	db, err := database.Open(t.Context(), "lamppost.db")
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, aggregator.AnchorFile, "")
	write(t, "cloud.yaml", "data: .\naccounts: {}\n")
}

func TestAccountCommands(t *testing.T) {
	dataDir(t)
	for _, c := range []struct {
		args string
		code int
		says string // as a regular expression
	}{
		{"reset-account admin --config cloud.yaml", exitOK, `^admin [a-z2-7]{5}(-[a-z2-7]{5}){3}\n$`},
		{"reset-account admin --second-factor --config cloud.yaml", exitOK, `^admin [a-z2-7]{5}(-[a-z2-7]{5}){3}\n$`},
		{"reset-account nobody --config cloud.yaml", exitFailed, `there is no account "nobody"`},
		{"reset-account --config cloud.yaml", exitUsage, "name one account"},
		{"check-audit --config cloud.yaml", exitOK, `^\d+ lines, whole; compared with 0 anchors\n[a-z0-9]+ \d+ [0-9a-f]{64}\n$`},
		{"check-audit a --config cloud.yaml", exitFailed, "an anchor has three parts"},
		{"check-audit abc_1_" + strings.Repeat("0", 64) + " --config cloud.yaml", exitFailed, "broken at line 1: an anchor belongs to another log"},
		{"check-audit abc_1_" + strings.Repeat("0", 64) + " --lang zh --config cloud.yaml", exitFailed, "审计日志在第 1 行被破坏：锚点属于另一份日志"},
		{"check-audit", exitConfig, "there is no database of an aggregator"}, // the default directory is not there
	} {
		args := strings.Fields(c.args)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "_", " ")
		}
		var out, errOut bytes.Buffer
		code := run(t.Context(), args, &out, &errOut)
		if text := out.String() + errOut.String(); code != c.code || !regexp.MustCompile(c.says).MatchString(text) {
			t.Errorf("%s: exit %d, want %d\n%s", c.args, code, c.code, text)
		}
	}
}

// Commands to a running aggregator show the token of the environment.
func TestTokenIsShown(t *testing.T) {
	var got []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
		fmt.Fprint(w, `{"commands":[]}`)
	}))
	defer s.Close()
	for _, token := range []string{"lp_abc", ""} {
		t.Setenv("LAMPPOST_TOKEN", token)
		var out, errOut bytes.Buffer
		if code := run(t.Context(), []string{"commands", "gw", "--api", s.URL}, &out, &errOut); code != exitOK {
			t.Fatalf("exit %d\n%s", code, errOut.String())
		}
	}
	if !slices.Equal(got, []string{"Bearer lp_abc", ""}) {
		t.Errorf("shown: %q", got)
	}
}

// Every command of the page about accounts does what it says, every example is a
// configuration, and misspelt it is not.
func TestAccountsPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/accounts.md")
	if err != nil {
		t.Fatal(err)
	}
	dataDir(t)
	write(t, "oidc.secret", "hush\n")
	n := 0
	for _, line := range regexp.MustCompile(`(?m)^lamppost-cloud (.*)$`).FindAllStringSubmatch(string(page), -1) {
		n++
		var out, errOut bytes.Buffer
		if code := run(t.Context(), strings.Fields(line[1]), &out, &errOut); code != exitOK || out.Len() == 0 {
			t.Errorf("%s: exit %d\n%s%s", line[0], code, out.String(), errOut.String())
		}
	}
	key, examples := regexp.MustCompile(`(?m)(?:^ *|[{,] *)([a-z_]+):(?: |$)`), 0
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		examples++
		text := block[1]
		if _, err := settings.Parse("page", []byte(text), true); err != nil && !onlyFiles(err) {
			t.Errorf("%v in\n%s", err, text)
		}
		for _, k := range key.FindAllStringSubmatchIndex(text, -1) {
			misspelt := text[:k[2]] + "x" + text[k[2]:]
			if _, err := settings.Parse("page", []byte(misspelt), true); err == nil || onlyFiles(err) {
				t.Errorf("%q may be misspelt in\n%s", text[k[2]:k[3]], text)
			}
		}
	}
	if n < 2 || examples < 3 {
		t.Errorf("%d commands and %d examples; the test is looking for the wrong thing", n, examples)
	}
}

// onlyFiles says whether nothing is wrong but files that are not on this machine.
func onlyFiles(err error) bool {
	problems, ok := err.(yamldoc.Problems)
	for _, p := range problems {
		ok = ok && p.ID == "E5009"
	}
	return ok
}
