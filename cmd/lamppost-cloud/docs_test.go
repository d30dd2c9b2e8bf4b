package main

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/commands"
)

// Every lamppost-cloud command on the operations center's page does what it says, on
// an aggregator that answers; every example is a configuration, and misspelt it is not.
func TestOperationsCenterPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/operations-center.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/v1/gateways":
			fmt.Fprint(w, `{"gateways":[{"id":"bridge-07"}]}`)
		case "/api/v1/commands/command-1", "/api/v1/alerts/01936d3e-6a10-7b3c-9c1d-2e3f4a5b6c7d/acknowledge":
			fmt.Fprint(w, `{"id":"command-1","gateway":"bridge-07","kind":"acknowledge","state":"done"}`)
		case "/api/v1/gateways/bridge-07/commands":
			if r.Method == http.MethodPost {
				w.WriteHeader(http.StatusAccepted)
				fmt.Fprint(w, `{"id":"command-1","gateway":"bridge-07","state":"waiting"}`)
				return
			}
			fmt.Fprint(w, `{"commands":[{"id":"command-1","kind":"rewind","state":"done"}]}`)
		default:
			t.Errorf("%s %s", r.Method, r.URL)
		}
	}))
	defer s.Close()
	write(t, "cloud.yaml", "listen: "+strings.TrimPrefix(s.URL, "http://")+"\ndata: .\n")
	if _, err := commands.EnsureKey("."); err != nil {
		t.Fatal(err)
	}
	write(t, "database.password", "not a word of the page\n")
	page = []byte(strings.ReplaceAll(string(page), "/etc/lamppost/database.password", "database.password"))
	n := 0
	for _, line := range regexp.MustCompile(`(?m)^lamppost-cloud (.*)$`).FindAllStringSubmatch(string(page), -1) {
		n++
		var out, errOut bytes.Buffer
		if code := run(t.Context(), strings.Fields(line[1]), &out, &errOut); code != exitOK || out.Len() == 0 {
			t.Errorf("%s: exit %d\n%s%s", line[0], code, out.String(), errOut.String())
		}
	}
	if n < 4 {
		t.Errorf("only %d commands; the test is looking for the wrong thing", n)
	}
	key, examples := regexp.MustCompile(`(?m)(?:^ *|[{,] *)([a-z_]+):(?: |$)`), 0
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		examples++
		checks(t, block[1], exitOK)
		for _, at := range key.FindAllStringSubmatchIndex(block[1], -1) {
			checks(t, block[1][:at[3]]+"x"+block[1][at[3]:], exitConfig)
		}
	}
	if examples < 2 {
		t.Errorf("only %d examples; the test is looking for the wrong thing", examples)
	}
}

// Every example on the page about notification is a configuration, and misspelt it is not.
func TestNotificationPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/notification.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	text := strings.ReplaceAll(string(page), "/etc/lamppost-cloud/", "")
	for _, name := range regexp.MustCompile(`[a-z]+\.(?:token|secret|key|hook|password|whsec)\b`).FindAllString(text, -1) {
		write(t, name, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
	}
	key, examples := regexp.MustCompile(`(?m)(?:^ *|[{,] *)([a-z_]+):(?: |$)`), 0
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(text, -1) {
		examples++
		checks(t, block[1], exitOK)
		for _, at := range key.FindAllStringSubmatchIndex(block[1], -1) {
			checks(t, block[1][:at[3]]+"x"+block[1][at[3]:], exitConfig)
		}
	}
	if examples < 2 {
		t.Errorf("only %d examples; the test is looking for the wrong thing", examples)
	}
}

// checks tests what check says of a configuration.
func checks(t *testing.T, text string, want int) {
	t.Helper()
	write(t, "example.yaml", text)
	var out, errOut bytes.Buffer
	if code := run(t.Context(), []string{"check", "example.yaml"}, &out, &errOut); code != want {
		t.Errorf("exit %d, want %d, for\n%s\n%s%s", code, want, text, out.String(), errOut.String())
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Every example on the page about areas is carried out in its order, on an aggregator
// that runs, and prints what stands below it.
func TestAreasPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/areas.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("firmware-configs/sites", 0o700); err != nil {
		t.Fatal(err)
	}
	demoFiles(t)
	for _, name := range []string{"demo-city.csv", "demo-city.geojson"} {
		if err := os.Rename(name, "firmware-configs/sites/"+name); err != nil {
			t.Fatal(err)
		}
	}
	api, said, done, expected := serving(t), "", 0, 0
	for _, block := range regexp.MustCompile("(?ms)^```([a-z]+)(?: ([^\n]+))?\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		switch lang, arg, text := block[1], block[2], block[3]; {
		case lang == "sh":
			said = ""
			for line := range strings.Lines(text) {
				said += carryOut(t, api, strings.TrimSpace(line), arg == "fails")
				done++
			}
		case lang == "text":
			rest := said
			for line := range strings.Lines(text) {
				_, after, ok := strings.Cut(rest, strings.TrimSpace(line))
				if !ok {
					t.Errorf("%q is not printed, or not in this order, in\n%s", line, said)
				}
				rest = after
				expected++
			}
		default:
			write(t, arg, text)
		}
	}
	if done < 12 || expected < 18 {
		t.Errorf("only %d commands and %d lines of output; the test is looking for the wrong thing", done, expected)
	}
}

// carryOut does what one command of a page says, and returns what it prints.
func carryOut(t *testing.T, api, line string, fails bool) string {
	t.Helper()
	const there = "http://127.0.0.1:8080"
	var out, errOut bytes.Buffer
	if args, ok := strings.CutPrefix(line, "lamppost-cloud "); ok {
		code := run(t.Context(), append(strings.Fields(args), "--api", api), &out, &errOut)
		if (code != exitOK) != fails {
			t.Errorf("%s: exit %d\n%s%s", line, code, out.String(), errOut.String())
		}
		return out.String() + errOut.String()
	}
	m := regexp.MustCompile(`^curl -s (?:-X (PUT) --json @(\S+) )?"?` + there + `([^" ]+)"?$`).FindStringSubmatch(line)
	if m == nil {
		t.Fatalf("%s: the test does not know this command", line)
	}
	var body []byte
	if m[2] != "" {
		var err error
		if body, err = os.ReadFile(m[2]); err != nil {
			t.Fatal(err)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), cmp.Or(m[1], http.MethodGet), api+m[3], bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := out.ReadFrom(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%s: %s %v %s", line, resp.Status, err, out.String())
	}
	return out.String()
}
