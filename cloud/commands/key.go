package commands

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// KeyFile is the name of the key in the aggregator's data directory: PEM, PKCS #8.
const KeyFile = "command.key"

const keyBlock = "PRIVATE KEY"

// LoadKey reads the key that commands are signed with. fs.ErrNotExist: there is none
// yet. A key that others can read is refused: whoever has it may command every
// gateway that trusts it.
func LoadKey(dir string) (ed25519.PrivateKey, error) {
	path := filepath.Join(dir, KeyFile)
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("key for commands: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("key for commands: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("key for commands: %s can be read by others (mode %04o); chmod 600 it, and make a new one if somebody may have", path, mode)
	}
	text := make([]byte, 4096)
	n, err := f.Read(text)
	if err != nil {
		return nil, fmt.Errorf("key for commands: %s: %w", path, err)
	}
	return parseKey(path, text[:n])
}

func parseKey(path string, text []byte) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != keyBlock {
		return nil, fmt.Errorf("key for commands: %s is not a PEM file with a %s", path, keyBlock)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("key for commands: %s: %w", path, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("key for commands: %s holds a %T, an Ed25519 key is needed", path, parsed)
	}
	return key, nil
}

// EnsureKey is LoadKey, and makes the key if there is none. Two that start at once
// end with the same one.
func EnsureKey(dir string) (ed25519.PrivateKey, error) {
	key, err := LoadKey(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := makeKey(dir); err != nil {
		return nil, fmt.Errorf("key for commands: %w", err)
	}
	return LoadKey(dir)
}

// makeKey writes a new key under another name and links it to its own: a file of
// that name is whole, and one that is there is never replaced.
func makeKey(dir string) (err error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, KeyFile+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	err = pem.Encode(f, &pem.Block{Type: keyBlock, Bytes: der})
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), filepath.Join(dir, KeyFile)); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
