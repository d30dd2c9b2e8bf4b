package pin

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// Digits is how long a number is.
const Digits = 8

const (
	fileName = "pin.json"
	saltLen  = 16
	hashLen  = sha256.Size
	// rounds take 18 ms on a server's core (BenchmarkGuess), so some tenths of a second to a
	// second on small boards.
	rounds     = 100_000
	leastRound = 1000
	mostRound  = 2_000_000
	maxFile    = 4 << 10
)

// ErrNone says that no number was made yet.
var ErrNone = errors.New("there is no PIN yet")

// kept is the file.
type kept struct {
	V      int       `json:"v"`
	Made   time.Time `json:"made"`
	Rounds int       `json:"rounds"`
	Salt   []byte    `json:"salt"`
	Hash   []byte    `json:"hash"`
}

// Made returns when the number in dir was made. Errors: ErrNone, those of the file.
func Made(dir string) (time.Time, error) {
	k, err := load(dir)
	return k.Made, err
}

// Make makes a new number, keeps its hash in dir and returns it. What was there is
// replaced, in one step. now is the wall clock's.
func Make(dir string, now time.Time) (number string, err error) { return makeWith(dir, now, rounds) }

func makeWith(dir string, now time.Time, rounds int) (number string, err error) {
	n, err := rand.Int(rand.Reader, new(big.Int).Exp(big.NewInt(10), big.NewInt(Digits), nil))
	if err != nil {
		return "", fmt.Errorf("pin: %w", err)
	}
	number = fmt.Sprintf("%0*d", Digits, n)
	k := kept{V: 1, Made: now.UTC().Truncate(time.Second), Rounds: rounds, Salt: make([]byte, saltLen)}
	if _, err := rand.Read(k.Salt); err != nil {
		return "", fmt.Errorf("pin: %w", err)
	}
	if k.Hash, err = k.hash(number); err != nil {
		return "", fmt.Errorf("pin: %w", err)
	}
	if err := k.save(dir); err != nil {
		return "", fmt.Errorf("pin: %w", err)
	}
	return number, nil
}

func (k kept) hash(number string) ([]byte, error) {
	return pbkdf2.Key(sha256.New, number, k.Salt, k.Rounds, hashLen)
}

// is says whether number is the one that was kept.
func (k kept) is(number string) bool {
	h, err := k.hash(number)
	return err == nil && subtle.ConstantTimeCompare(h, k.Hash) == 1
}

// save replaces the file: after a power cut there is the old one or the new one.
func (k kept) save(dir string) (err error) {
	b, err := json.Marshal(k)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, fileName+".*") // of mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // the first error is the one to tell
		}
	}()
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), filepath.Join(dir, fileName)); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a new name in dir last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func load(dir string) (kept, error) {
	f, err := os.Open(filepath.Join(dir, fileName))
	if errors.Is(err, fs.ErrNotExist) {
		return kept{}, ErrNone
	}
	if err != nil {
		return kept{}, fmt.Errorf("pin: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return kept{}, fmt.Errorf("pin: %w", err)
	}
	k, err := decode(b)
	if err != nil {
		return kept{}, fmt.Errorf("pin: %s: %w", f.Name(), err)
	}
	return k, nil
}

// decode reads the file. What is not whole is an error, never a number that all guesses
// fit or that takes an hour to try.
func decode(b []byte) (k kept, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(&k); err != nil {
		return kept{}, err
	}
	if k.V != 1 || len(k.Salt) != saltLen || len(k.Hash) != hashLen || k.Rounds < leastRound || k.Rounds > mostRound {
		return kept{}, errors.New("this is not a PIN of this version; make a new one: lamppost pin --new")
	}
	return k, nil
}
