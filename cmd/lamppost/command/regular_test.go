package command

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// A configuration that is a pipe, a device or a folder is refused at once, a huge one
// is not read to its end.
func TestReadText(t *testing.T) {
	dir := t.TempDir()
	pipe, huge, good := filepath.Join(dir, "pipe.yaml"), filepath.Join(dir, "huge.yaml"), filepath.Join(dir, "good.yaml")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o600), os.WriteFile(huge, nil, 0o600), os.Truncate(huge, 1<<40), os.WriteFile(good, []byte("gateway: {id: g}\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, dir, "/dev/zero"} {
		_, err := readFile(path)
		var e *exit
		if !errors.As(err, &e) || e.code != exitConfig || !strings.Contains(err.Error(), path+": not a regular file") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if b, err := readText(huge); err != nil || len(b) != yamldoc.MaxBytes+1 {
		t.Errorf("%d bytes of a huge file, %v", len(b), err)
	}
	if b, err := readFile(good); err != nil || string(b) != "gateway: {id: g}\n" {
		t.Errorf("%q, %v", b, err)
	}
}
