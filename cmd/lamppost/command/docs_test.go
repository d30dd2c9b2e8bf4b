package command

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every command on the field engineers' page that looks into a gateway, or asks it
// for something, does what it says: each is run here, on a gateway's journal.
func TestFieldEngineersPage(t *testing.T) {
	page, err := os.ReadFile("../../../docs/field-engineers.md")
	must(t, err)
	dir, work := street(t, run{boot: "3f2a9c11-04b7-4c0e-9d35-6a1f2b7c8d90", samples: 20, dated: true}), t.TempDir()
	t.Chdir(work)
	must(t, os.WriteFile("gateway.yaml", []byte("gateway: {id: bridge-07}\njournal: {dir: "+dir+"}\n"), 0o600))
	n := 0
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		for line := range strings.Lines(block[1]) {
			line, _, _ = strings.Cut(line, " #")
			if !strings.HasPrefix(line, "lamppost ") || strings.HasPrefix(line, "lamppost output ") || strings.HasPrefix(line, "lamppost rules ") || strings.HasPrefix(line, "lamppost maintenance ") {
				continue // the latter need a gateway that runs, see TestFieldEngineersPageSwitches, TestFieldEngineersPageRules and TestMaintenanceAsks
			}
			args := fields(strings.TrimSpace(strings.TrimPrefix(line, "lamppost ")))
			for i, a := range args {
				if a == "/media/card/lamppost" {
					args[i] = dir
				}
			}
			if !strings.Contains(line, "--dir") {
				args = append(args, "--config", "gateway.yaml")
			}
			n++
			if out, errs, code := lamppost(t.Context(), args...); code != exitOK || out == "" && !strings.Contains(line, " -o ") {
				t.Errorf("%s: exit %d\n%s%s", line, code, out, errs)
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d commands; the test is looking for the wrong thing", n)
	}
	if csv, err := os.ReadFile(filepath.Join(work, "river.csv")); err != nil || !strings.HasPrefix(string(csv), "time,err_ms,") {
		t.Errorf("the export left %q, %v", csv, err)
	}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		must(t, os.WriteFile("example.yaml", []byte(block[1]), 0o600))
		if out, errs, code := lamppost(t.Context(), "check", "example.yaml"); code != exitOK {
			t.Errorf("%s\nexit %d\n%s%s", block[1], code, out, errs)
		}
	}
}

// Each key of each example is one that the program knows: misspelt, it is refused.
func TestFieldEngineersPageExamplesAreStrict(t *testing.T) {
	page, err := os.ReadFile("../../../docs/field-engineers.md")
	must(t, err)
	t.Chdir(t.TempDir())
	key, misspelt := regexp.MustCompile(`(?m)(^ *|[{,] *)([a-z_]+):( |$)`), map[string]bool{}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		for _, at := range key.FindAllStringSubmatchIndex(block[1], -1) {
			wrong := block[1][:at[5]] + "x" + block[1][at[5]:]
			must(t, os.WriteFile("example.yaml", []byte(wrong), 0o600))
			if out, errs, code := lamppost(t.Context(), "check", "example.yaml"); code != exitConfig {
				t.Errorf("exit %d, want %d, for\n%s\n%s%s", code, exitConfig, wrong, out, errs)
			}
			misspelt[block[1][at[4]:at[5]]] = true
		}
	}
	for _, k := range []string{"brokers", "username", "password_file", "tls", "ca_file", "cert_file", "key_file", "proxy", "proxy_password_file", "backfill", "order",
		"checks", "gross", "climatology", "months", "spike", "flat", "attenuated", "neighbour", "multivariate", "with", "within", "moves", "window", "time_zone",
		"outputs", "line", "active", "coil", "register", "on", "off", "read_back", "command", "max_on", "min_off", "per_hour", "interlock", "feedback",
		"feedback_within", "resume", "actions", "output", "rate", "budget", "per_day", "compress", "linger", "stores", "use", "with", "commands", "key", "may", "audible", "notify", "webhook", "secret_file", "mqtt", "topic", "look_closer", "size", "age", "reserve", "endurance",
		"hold", "flapping", "depends", "schedule", "days", "from", "to", "then"} {
		if !misspelt[k] {
			t.Errorf("no example on the page has the key %s", k)
		}
	}
}

// The page's OpenSSL commands, run in its order, make an authority and a certificate
// for clients that belongs to its key.
func TestFieldEngineersPageMakesCertificates(t *testing.T) {
	tool, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	page, err := os.ReadFile("../../../docs/field-engineers.md")
	must(t, err)
	t.Chdir(t.TempDir())
	for _, line := range regexp.MustCompile(`(?m)^openssl (.*)$`).FindAllStringSubmatch(string(page), -1) {
		if out, err := exec.CommandContext(t.Context(), tool, fields(line[1])...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", line[0], err, out)
		}
	}
	own, err := tls.LoadX509KeyPair("gateway.crt", "gateway.key")
	must(t, err)
	authority, err := os.ReadFile("ca.crt")
	must(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	if _, err := own.Leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		t.Error(err)
	}
	if _, err := own.Leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}); err == nil {
		t.Error("the gateway's certificate would do for a broker")
	}
}

// fields parts a command line at blanks outside quotes.
func fields(line string) (out []string) {
	for _, m := range regexp.MustCompile(`"([^"]*)"|\S+`).FindAllStringSubmatch(line, -1) {
		if strings.HasPrefix(m[0], `"`) {
			out = append(out, m[1])
		} else {
			out = append(out, m[0])
		}
	}
	return out
}

// The faults, states and metrics that the page names exist.
func TestFieldEngineersPageNamesWhatThereIs(t *testing.T) {
	page, err := os.ReadFile("../../../docs/field-engineers.md")
	must(t, err)
	source, err := os.ReadFile("../../../edge/gateway/wear.go")
	must(t, err)
	more, err := os.ReadFile("../../../edge/gateway/metrics.go")
	must(t, err)
	source = append(source, more...)
	for _, m := range regexp.MustCompile("`(lamppost_[a-z_]+)`").FindAllStringSubmatch(string(page), -1) {
		if !strings.Contains(string(source), `"`+m[1]+`"`) {
			t.Errorf("there is no metric %s", m[1])
		}
	}
	says(t, "../../../docs/field-engineers.md", map[string][]string{
		"edge/health/words_disk.go": {"The disk is full", "The disk has been read-only", "The card fails", "the journal's room is taken", "status page cannot be reached",
			"No encrypted connection", "The present connection goes on, the next one will fail", "This gateway's certificate ", "The broker's certificate "},
		"edge/health/outputs.go": {" cannot be switched off", " cannot be switched on", "its feedback has not agreed", "its hardware has hung"},
		"edge/health/words.go":   {"Reporting through ", "because the preferred broker is no good"},
		"edge/uplink/certificate.go": {"an authority that is not among ", "certificate is for ", "asks for a certificate of ours", "refuses our certificate",
			"is valid only from ", "can be read by everybody on this board"},
		"edge/uplink/ack.go": {"a store that is not ours acknowledges"},
	})
	says(t, "../../../docs/field-engineers.zh-CN.md", map[string][]string{
		"edge/health/words_disk.go": {"磁盘已满", "磁盘变为只读", "存储卡故障", "被待上传记录占用", "状态页无法在 ", "无法建立加密连接", "当前连接仍可用，下次连接将失败", "本网关证书 ", "服务器证书（"},
		"edge/health/outputs.go":    {"无法关闭", "无法开启", "不一致", "无返回"},
		"edge/health/words.go":      {"正经备用服务器 ", "首选服务器不可用"},
		"edge/uplink/certificate.go": {"an authority that is not among ", "certificate is for ", "asks for a certificate of ours", "refuses our certificate",
			"is valid only from ", "can be read by everybody on this board"},
		"edge/uplink/ack.go": {"a store that is not ours acknowledges"},
	})
}

// says tests that a page and the program's files both have these words.
func says(t *testing.T, page string, files map[string][]string) {
	t.Helper()
	text, err := os.ReadFile(page)
	must(t, err)
	for file, words := range files {
		source, err := os.ReadFile("../../../" + file)
		must(t, err)
		for _, w := range words {
			if !strings.Contains(string(text), w) || !strings.Contains(string(source), w) {
				t.Errorf("%s and %s do not both say %q", page, file, w)
			}
		}
	}
}

// The parts that are played without a part are read with a configuration that is good.
func TestIntegratorsPageParts(t *testing.T) {
	page, err := os.ReadFile("../../../docs/integrators.md")
	must(t, err)
	t.Chdir(t.TempDir())
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		if !strings.Contains(block[1], "line: RAIN") {
			continue
		}
		must(t, os.WriteFile("example.yaml", []byte(block[1]), 0o600))
		if out, errs, code := lamppost(t.Context(), "check", "example.yaml"); code != exitOK || !strings.Contains(out, "6 devices") {
			t.Errorf("exit %d\n%s%s", code, out, errs)
		}
		return
	}
	t.Error("the page has no such example")
}
