package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// ErrUnavailable says that a part cannot be had here: no network, no such package,
// a program that is missing.
var ErrUnavailable = errors.New("not to be had here")

// suite is the Debian release whose kernel is booted, and branch its kernel's.
const (
	suite  = "bookworm"
	branch = "6.1"
)

// debian is Debian's archive, seen through an apt configuration of our own.
type debian struct{ dir, conf string }

// openDebian writes the configuration below dir and fetches the package lists.
// mirror is DEBIAN_MIRROR or Debian's own.
func openDebian(ctx context.Context, dir string) (*debian, error) {
	d := &debian{dir: dir, conf: filepath.Join(dir, "apt.conf")}
	for _, sub := range []string{"state/lists/partial", "cache/archives/partial", "sources"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, err
		}
	}
	for name, text := range map[string]string{"status": "", "sources/debian.list": sources(), "apt.conf": d.text(ctx)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	if _, err := d.run(ctx, dir, "apt-get", "-qq", "update", "-o", "APT::Update::Error-Mode=any"); err != nil {
		return nil, fmt.Errorf("the package lists of Debian: %w", err)
	}
	return d, nil
}

func sources() string {
	main, security := "http://deb.debian.org/debian", "http://deb.debian.org/debian-security"
	if m := strings.TrimRight(os.Getenv("DEBIAN_MIRROR"), "/"); m != "" {
		main = m
		if strings.HasSuffix(m, "/debian") {
			security = m + "-security"
		}
	}
	const line = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n"
	return fmt.Sprintf(line, main, suite) + fmt.Sprintf(line, security, suite+"-security")
}

// text is the configuration. It names everything itself: hooks of the machine's own
// (one commonly deletes archives after each update) must not run for us. Only the
// machine's proxies are taken over.
func (d *debian) text(ctx context.Context) string {
	proxies, _ := exec.CommandContext(ctx, "apt-config", "dump").Output() // none is the common case
	return fmt.Sprintf(`APT::Architecture "arm64";
APT::Architectures { "arm64"; "%s"; };
APT::Sandbox::User "root";
Acquire::Languages "none";
Dir::State "%[2]s/state";
Dir::State::status "%[2]s/status";
Dir::Cache "%[2]s/cache";
Dir::Etc::SourceParts "%[2]s/sources";
Dir::Etc::SourceList "/dev/null";
Dir::Etc::Parts "/dev/null";
Dir::Etc::Main "/dev/null";
`, runtime.GOARCH, d.dir) + strings.Join(regexp.MustCompile(`(?m)^Acquire::https?::.*$`).FindAllString(string(proxies), -1), "\n") + "\n"
}

func (d *debian) run(ctx context.Context, in, name string, args ...string) (string, error) {
	return runIn(ctx, in, []string{"APT_CONFIG=" + d.conf}, name, args...)
}

// kernel returns the name of the newest kernel package, "linux-image-6.1.0-56-arm64",
// and its version, "6.1.192-2".
func (d *debian) kernel(ctx context.Context) (name, version string, err error) {
	out, err := d.run(ctx, d.dir, "apt-cache", "show", "--no-all-versions", "linux-image-arm64")
	if err != nil {
		return "", "", fmt.Errorf("the kernel's package: %w", err)
	}
	return kernelOf(out)
}

var dependsOnKernel = regexp.MustCompile(`(?m)^Depends:.*\b(linux-image-` + regexp.QuoteMeta(branch) + `\.[\w.+~-]*-arm64) \(= ([\w.+~:-]+)\)`)

// kernelOf reads what the package linux-image-arm64 depends on.
func kernelOf(show string) (name, version string, err error) {
	m := dependsOnKernel.FindStringSubmatch(show)
	if m == nil {
		return "", "", fmt.Errorf("%w: linux-image-arm64 of %s names no kernel %s", ErrUnavailable, suite, branch)
	}
	return m[1], m[2], nil
}

// fetch downloads packages into dir and returns the file of each.
func (d *debian) fetch(ctx context.Context, dir string, packages ...string) ([]string, error) {
	if _, err := d.run(ctx, dir, "apt-get", append([]string{"-qq", "download"}, packages...)...); err != nil {
		return nil, err
	}
	var files []string
	for _, p := range packages {
		name, _, _ := strings.Cut(p, ":")
		name, _, _ = strings.Cut(name, "=")
		found, err := filepath.Glob(filepath.Join(dir, name+"_*.deb"))
		if err != nil || len(found) != 1 {
			return nil, fmt.Errorf("apt-get downloaded %s into %d files, not one", p, len(found))
		}
		files = append(files, found[0])
	}
	return files, nil
}

// runIn runs a program and returns its output. A program that fails at fetching, or
// is not there, is a part that cannot be had.
func runIn(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "LC_ALL=C"), env...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	switch {
	case err == nil:
		return string(out), nil
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("%w: no %s: make setup installs it", ErrUnavailable, name)
	case strings.HasPrefix(name, "apt-") && ctx.Err() == nil:
		return "", fmt.Errorf("%w: %s %s: %w: %s", ErrUnavailable, name, args[0], err, lastLines(errs.String(), 5))
	default:
		return "", fmt.Errorf("%s: %w: %s", name, err, lastLines(errs.String()+string(out), 30))
	}
}

// lastLines is the end of a program's output, where it says what was wrong.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
