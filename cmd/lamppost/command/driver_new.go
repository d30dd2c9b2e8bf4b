package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/cmd/lamppost/scaffold"
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/spf13/cobra"
)

// home is the module that this program is built from.
const home = "module github.com/lamppost-city/lamppost"

func driverNew(o Options) *cobra.Command {
	var wire, dir, module, checkout string
	c := &cobra.Command{
		Use:   "new NAME",
		Short: "start a driver: files that build and pass the tests, for a made-up part",
		Long: `new writes the files of a working driver for a part that does not exist; you change
them, one at a time, into those of yours, and it goes on working.

Inside Lamppost's own sources the driver becomes a folder below drivers/. Anywhere
else it becomes a Go module of its own, with a gateway program that has the driver.

Nothing is ever written over. Exit codes: 0, 2 wrong usage, 8 it cannot be written.`,
		Args: cobra.ExactArgs(1),
	}
	c.Flags().StringVar(&wire, "wire", string(drivers.SerialLine), "what the part hangs on: "+wireNames())
	c.Flags().StringVar(&dir, "dir", "", "the new folder (default: NAME, below drivers/ in Lamppost's own sources)")
	c.Flags().StringVar(&module, "module", "", "the path of the new Go module (default: example.org/NAME)")
	c.Flags().StringVar(&checkout, "lamppost", "", "a folder with Lamppost's sources, to build against them")
	c.RunE = func(c *cobra.Command, args []string) error {
		d := scaffold.Driver{Name: args[0], Wire: drivers.Wire(wire)}
		if err := d.Check(); err != nil {
			return &exit{exitUsage, err, "lamppost driver new --help"}
		}
		b, err := o.loadBuiltin(true)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(b.env.Kinds, func(k drivers.Kind) bool { return k.Name == d.Name }) {
			return &exit{exitUsage, fmt.Errorf("there is a driver %s already, and a gateway cannot have two of one name", d.Name), "choose another name; lamppost driver list shows those taken"}
		}
		root := sourcesRoot(dir)
		if dir == "" {
			dir = d.Name
			if root != "" {
				dir = filepath.Join(root, "drivers", d.Package())
			}
		}
		if root == "" || module != "" {
			if err := ownModule(&d, module, checkout, dir, o.Version); err != nil {
				return err
			}
		}
		files, err := d.Write(dir)
		switch {
		case errors.Is(err, fs.ErrExist):
			return &exit{exitUsage, err, "name another folder: --dir FOLDER"}
		case err != nil:
			return &exit{exitStorage, err, "name a folder that you may write: --dir FOLDER"}
		}
		return nextSteps(c.OutOrStdout(), d, dir, files, langOf(c))
	}
	return c
}

func wireNames() string {
	var names []string
	for _, w := range scaffold.Wires() {
		names = append(names, string(w))
	}
	return strings.Join(names, ", ")
}

// sourcesRoot finds Lamppost's own sources above dir, or above the working directory;
// empty: neither is in them.
func sourcesRoot(dir string) string {
	at, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	for ; ; at = filepath.Dir(at) {
		if mod, err := os.ReadFile(filepath.Join(at, "go.mod")); err == nil {
			_, err := os.Stat(filepath.Join(at, "drivers", "catalog"))
			if err == nil && strings.HasPrefix(string(mod), home+"\n") {
				return at
			}
			return "" // somebody else's module
		}
		if at == filepath.Dir(at) {
			return ""
		}
	}
}

// releaseRE is a version that a module can require.
var releaseRE = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)

// ownModule makes d a module of its own.
func ownModule(d *scaffold.Driver, module, checkout, dir, version string) error {
	d.Module, d.Version = module, version
	if module == "" {
		d.Module = "example.org/" + d.Name
	}
	if checkout == "" {
		if !releaseRE.MatchString(version) {
			return &exit{exitUsage, fmt.Errorf("this program is the development version %q, which a module cannot require", version),
				"say where Lamppost's sources are: --lamppost FOLDER"}
		}
		return nil
	}
	abs, err := filepath.Abs(checkout)
	if err != nil {
		return err
	}
	if sourcesRoot(abs) != abs {
		return &exit{exitUsage, fmt.Errorf("%s does not hold Lamppost's sources", checkout), "name the folder that has its go.mod: --lamppost FOLDER"}
	}
	from, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	d.Version, d.Checkout = "v0.0.0", abs
	if rel, err := filepath.Rel(from, abs); err == nil && strings.Count(rel, "..") <= 3 {
		d.Checkout = filepath.ToSlash(rel)
	}
	return nil
}

// nextSteps says what was written and what to do now.
func nextSteps(w io.Writer, d scaffold.Driver, dir string, files []string, lang string) error {
	var b strings.Builder
	for _, f := range files {
		fmt.Fprintf(&b, pick(lang, "wrote %s\n", "已写入 %s\n"), filepath.Join(dir, f))
	}
	b.WriteString(pick(lang, "\nIt works as it is, for a made-up part. Try it:\n", "\n它以虚构部件为例，现在就能用。请试一试：\n"))
	if d.Module != "" {
		fmt.Fprintf(&b, "  cd %s\n  go mod tidy\n  lamppost driver test .\n  go build -o lamppost ./cmd/lamppost && ./lamppost driver list\n", dir)
	} else {
		fmt.Fprintf(&b, "  lamppost driver test %s\n", dir)
		fmt.Fprintf(&b, pick(lang, "  add %s.Kind() to the list in drivers/catalog/catalog.go\n", "  把 %s.Kind() 加入 drivers/catalog/catalog.go 的列表\n"), d.Package())
	}
	b.WriteString(pick(lang, "Then make it the driver of your part, step by step: docs/integrators.md.\nEach place to change says EDIT: or names the made-up part's frame.\n",
		"然后逐步改成您的部件的驱动：docs/integrators.zh-CN.md。\n要改的地方都写有 EDIT:，或写有虚构部件的帧。\n"))
	_, err := io.WriteString(w, b.String())
	return err
}
