package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const keySize = 32

// KeyFile is the name of the key in the aggregator's data directory. Aggregators that
// share a database need the same one.
const KeyFile = "auth.key"

// EnsureKey reads the key in a directory, and makes it if there is none. Two that start
// at once end with the same one. A key that others can read is refused.
func EnsureKey(dir string) ([]byte, error) {
	path := filepath.Join(dir, KeyFile)
	key, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := makeKey(dir, path); err != nil {
		return nil, fmt.Errorf("key of the accounts: %w", err)
	}
	return readKey(path)
}

func readKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("key of the accounts: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("key of the accounts: %s can be read by others (mode %04o); chmod 600 it", path, mode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("key of the accounts: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("key of the accounts: %s does not hold %d hexadecimal digits; restore it from the backup", path, 2*keySize)
	}
	return key, nil
}

// makeKey writes a new key under another name and links it to its own: a file of that
// name is whole, and one that is there is never replaced.
func makeKey(dir, path string) (err error) {
	key := make([]byte, keySize)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, KeyFile+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = fmt.Fprintln(f, hex.EncodeToString(key))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (b *Book) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(b.o.Key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal encrypts a secret for a person: it opens for nobody else's row.
func (b *Book) seal(person string, secret []byte) (string, error) {
	a, err := b.aead()
	if err != nil {
		return "", err
	}
	return base64.RawStdEncoding.EncodeToString(a.Seal(nil, nil, secret, []byte(person))), nil
}

func (b *Book) unseal(person, sealed string) ([]byte, error) {
	a, err := b.aead()
	if err != nil {
		return nil, err
	}
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err == nil {
		raw, err = a.Open(nil, nil, raw, []byte(person))
	}
	if err != nil {
		return nil, fmt.Errorf("the second factor of %s cannot be opened: %s is not the key that it was sealed with, or the row was changed; restore the key, or reset the account", person, KeyFile)
	}
	return raw, nil
}

// digest is how a random value is kept.
func digest(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}

// random returns 260 bits as 52 small letters and digits.
func random() string { return strings.ToLower(rand.Text() + rand.Text()) }
