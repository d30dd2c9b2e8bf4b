package main

import (
	"bytes"
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
