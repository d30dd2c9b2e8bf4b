package boardlab

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/deploy/dev/boardlab/image"
	"github.com/lamppost-city/lamppost/deploy/dev/boardlab/machine"
	"github.com/lamppost-city/lamppost/deploy/dev/boardlab/panel"
)

func TestTry(t *testing.T) {
	own, _ := Modules()
	b := time.Now()
	im, err := image.Make(t.Context(), "../../../.tools/boardlab", own, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	t.Log("image", time.Since(b))
	dir := t.TempDir()
	c := exec.Command("go", "build", "-trimpath", "-o", dir+"/agent", "./agent")
	c.Env = append(os.Environ(), "GOARCH=arm64", "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
	var buf bytes.Buffer
	a := image.NewArchive(&buf)
	a.Copy("init", 0o755, dir+"/agent")
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, "extra"), buf.Bytes(), 0o644)
	b = time.Now()
	m, err := machine.Boot(t.Context(), machine.Config{Dir: dir, Kernel: im.Kernel, Disks: []string{im.Base, dir + "/extra"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Log("boot", time.Since(b))
	var l []string
	if err := m.Call("Lab.List", "/dev/*", &l); err != nil {
		t.Fatal(err)
	}
	t.Log(l)
	m.Call("Lab.List", "/sys/bus/w1/devices/*", &l)
	t.Log(l)
	t.Log(m.Console())
	m.Call("Lab.Off", panel.None{}, &panel.None{})
	<-m.Ended()
	m.Kill()
}
