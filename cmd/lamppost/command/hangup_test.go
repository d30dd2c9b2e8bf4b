package command

import (
	"bytes"
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
)

// A SIGHUP that comes while run reads its configuration does not end it: what ends this one
// is what it reads.
func TestHangUpWhileItStarts(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, os.WriteFile("gateway.yaml", []byte("gateway: {id: bridge-07}\njournal: {dir: .}\ndevices:\n  air: {driver: mine, port: /dev/serial/by-id/x}\n"), 0o600))
	kind := ownKind("mine")
	kind.Plan = func(func(any) error) (*drivers.Plan, error) {
		return nil, errors.Join(errors.New("not this one"), syscall.Kill(os.Getpid(), syscall.SIGHUP))
	}
	var out bytes.Buffer
	root := rootCommand(Options{Kinds: []drivers.Kind{kind}})
	root.SetArgs([]string{"run", "--config", "gateway.yaml"})
	root.SetOut(&out)
	root.SetErr(&out)
	if code := report(&out, root.ExecuteContext(t.Context()), "en"); code != exitConfig {
		t.Errorf("exit %d: %s", code, out.String())
	}
}

// A SIGHUP that came before anybody serves the file has it read as soon as somebody does.
func TestHangUpIsKept(t *testing.T) {
	k := bookOf(t, yardText)
	hup, stop := hangUps()
	defer stop()
	must(t, syscall.Kill(os.Getpid(), syscall.SIGHUP))
	late := newBook(k.builtin, k.path, k.running, k.log)
	late.hup = hup
	late.serve(t.Context())
	if cfg := <-late.out; len(cfg.Devices) != 1 {
		t.Errorf("%d devices", len(cfg.Devices))
	}
}
