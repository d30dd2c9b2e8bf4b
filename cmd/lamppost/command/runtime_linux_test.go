package command

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

func TestFolderInMemory(t *testing.T) {
	t.Setenv("RUNTIME_DIRECTORY", "/run/lamppost:/run/more")
	if got := memoryDir("post-1"); got != "/run/lamppost" {
		t.Errorf("the service manager's folder is %q", got)
	}
	if inMemory("/proc") || inMemory(filepath.Join(t.TempDir(), "none")) {
		t.Error("what is no memory is taken for it")
	}
	if got := ownFolder(filepath.Join(t.TempDir(), "none"), "post-1"); got != "" {
		t.Errorf("without a root: %q", got)
	}
	shared := t.TempDir()
	own := filepath.Join(shared, "lamppost-"+strconv.Itoa(os.Getuid())+"-post-1")
	for range 2 { // the second time it is there
		if got := ownFolder(shared, "post-1"); got != own {
			t.Errorf("our own folder is %q, want %q", got, own)
		}
	}
	if err := os.Chmod(own, 0o777); err != nil {
		t.Fatal(err)
	}
	if got := ownFolder(shared, "post-1"); got != "" {
		t.Errorf("a folder that others can write is used: %q", got)
	}
	if err := os.Remove(own); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), own); err != nil {
		t.Fatal(err)
	}
	if got := ownFolder(shared, "post-1"); got != "" {
		t.Errorf("a link is followed: %q", got)
	}
}
