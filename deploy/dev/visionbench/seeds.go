package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sourceHash is the SHA-256 of the detector: names, lengths and bytes of its sources.
func sourceHash(dir string) ([32]byte, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		return [32]byte{}, fmt.Errorf("%s: no sources of the detector; run it from the repository's root: %w", dir, os.ErrNotExist)
	}
	slices.Sort(names)
	h := sha256.New()
	for _, n := range names {
		if strings.HasSuffix(n, "_test.go") {
			continue
		}
		b, err := os.ReadFile(n)
		if err != nil {
			return [32]byte{}, err
		}
		fmt.Fprintf(h, "%s %d\n", filepath.Base(n), len(b))
		h.Write(b)
	}
	return [32]byte(h.Sum(nil)), nil
}

// seedOf is the seed of film i: each change of the detector meets other films.
func seedOf(hash [32]byte, i int) uint64 {
	b := sha256.Sum256(binary.BigEndian.AppendUint64(hash[:], uint64(i)))
	return binary.BigEndian.Uint64(b[:])
}
