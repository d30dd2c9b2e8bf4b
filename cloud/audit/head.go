package audit

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"unicode"
)

// Head is the end of the chain at some moment: an anchor when it is kept apart.
type Head struct {
	Chain string // the chain's random name
	N     int64  // number of the last line; 0: none yet
	Hash  string // of that line, in hex
}

// String is the one form of a head, which ParseHead reads.
func (h Head) String() string { return fmt.Sprintf("%s %d %s", h.Chain, h.N, h.Hash) }

// ParseHead reads what String wrote.
func ParseHead(s string) (Head, error) {
	parts := strings.Split(s, " ")
	if len(parts) != 3 {
		return Head{}, errors.New("an anchor has three parts: the chain's name, a number and a hash")
	}
	n, err := strconv.ParseInt(parts[1], 10, 64)
	h := Head{Chain: parts[0], N: n, Hash: parts[2]}
	if err != nil || n < 0 {
		return Head{}, fmt.Errorf("%q is no number of a line", parts[1])
	}
	if b, err := hex.DecodeString(h.Hash); err != nil || len(b) != 32 {
		return Head{}, fmt.Errorf("%q is no hash: 64 hexadecimal digits are needed", h.Hash)
	}
	strange := strings.ContainsFunc(h.Chain, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLower(r) && !unicode.IsDigit(r) })
	if h.Chain == "" || len(h.Chain) > 64 || strange || h.String() != s {
		return Head{}, fmt.Errorf("%q is not written as an anchor is", s)
	}
	return h, nil
}

// Head returns where the log ends now.
func (l *Log) Head(ctx context.Context) (h Head, err error) {
	if err := l.db.Read().QueryRowContext(ctx, "select chain, n, hash from audit_head where one = 1").Scan(&h.Chain, &h.N, &h.Hash); err != nil {
		return h, fmt.Errorf("audit: %w", err)
	}
	return h, nil
}

// maxAnchors bounds a file of anchors, in bytes: that many are written in twenty years
// of one a day.
const maxAnchors = 1 << 20

// Keep adds the present head to the file at path, one line each, unless it is the last
// line already, and returns it. The file is not replaced: earlier anchors stay.
func (l *Log) Keep(ctx context.Context, path string) (Head, error) {
	h, err := l.Head(ctx)
	if err != nil {
		return h, err
	}
	kept, err := Anchors(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return h, err
	}
	if len(kept) > 0 && kept[len(kept)-1] == h {
		return h, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return h, fmt.Errorf("audit: %w", err)
	}
	var whole int64 // behind it stands at most what a power cut left of a line
	for _, k := range kept {
		whole += int64(len(k.String())) + 1
	}
	_, err = f.WriteAt([]byte(h.String()+"\n"), whole)
	err = errors.Join(err, f.Truncate(whole+int64(len(h.String()))+1), f.Sync(), f.Close())
	if err != nil {
		return h, fmt.Errorf("audit: %w", err)
	}
	return h, nil
}

// Anchors reads a file that Keep wrote, the oldest first. A line that a power cut left
// unfinished at the end is passed over; any other that is no anchor is an error with
// its line number.
func Anchors(path string) ([]Head, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	if info.Size() > maxAnchors {
		return nil, fmt.Errorf("audit: %s is larger than %d bytes; move its oldest lines to another file", path, maxAnchors)
	}
	var heads []Head
	r := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := r.ReadString('\n')
		if err != nil {
			return heads, nil // the end, or an unfinished line
		}
		h, err := ParseHead(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, fmt.Errorf("audit: %s:%d: %w", path, n, err)
		}
		heads = append(heads, h)
	}
}
