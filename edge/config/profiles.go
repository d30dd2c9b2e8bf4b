package config

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// Folder is a folder that a configuration names: of device profiles, of rule packs.
type Folder struct {
	Path string // from where the program runs
	what string // it holds
	at   *yamldoc.Node
}

// ProfilesFolder finds the folder of device profiles of a configuration; a relative
// one lies beside the file. Load opens no file: whoever calls it reads the folder
// first, gives the driver its profiles and says in Env.Beside what they are. ok is
// false where there is no folder, or nothing that could be one: Load says so.
func ProfilesFolder(file string, src []byte) (f Folder, ok bool) {
	return folderUnder("profiles", file, src)
}

// cause is an error of a file without its path.
func cause(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

func beside(file, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(filepath.Dir(file), path)
}

// Beside is what was read from the folder of device profiles.
type Beside struct {
	Files  map[string]string // by profile id: the file that it comes from
	Digest []byte            // changes when anything in the folder does
}

// found is where a bus or a port is whose name may be a path: one that is not whole begins
// beside the file, as every other. A number, a chip's name and a label stay as they are.
func (l *loader) found(name string) string {
	if !strings.ContainsRune(name, filepath.Separator) || filepath.IsAbs(name) {
		return name
	}
	return l.besideFile(name)
}

// besideFile is where a path leads, written so that everybody sees that it is one.
func (l *loader) besideFile(path string) string {
	if path = beside(l.config.File, path); !strings.ContainsRune(path, filepath.Separator) {
		return "." + string(filepath.Separator) + path
	}
	return path
}

func (l *loader) profiles() {
	if !l.has("profiles") || l.wrong("profiles") {
		return
	}
	if l.raw.Profiles == "" {
		l.say("E2004", "the name of the folder of device profiles is empty; write one, like profiles, or delete the key", "profiles")
		return
	}
	l.config.Profiles = beside(l.config.File, l.raw.Profiles)
}

// JournalDir finds the journal's directory in a configuration that may be wrong
// otherwise: whoever asks the gateway that runs on an older one needs no more. ok is
// false if the file cannot be made out that far.
func JournalDir(file string, src []byte) (dir string, ok bool) {
	doc, _ := yamldoc.Parse(file, src) // its problems are Load's
	if doc == nil {
		return "", false
	}
	n := doc.Node("journal", "dir")
	if n.Kind() != yamldoc.Scalar || n.Text() == "" {
		return "", false
	}
	return n.Beside(n.Text()), true
}
