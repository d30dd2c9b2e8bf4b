package audit

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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

// maxAnchors bounds a file of anchors, in bytes: with one an hour, about a year. Then it is
// put aside under its name with a number behind, and a new one begun. None is removed: one
// that was taken before the log was written anew may be the only one that shows it.
const maxAnchors = 1 << 20

// Keep adds the present head to the file at path, one line each, unless it is the last
// line already, and returns it. Earlier anchors stay, see Anchors.
func (l *Log) Keep(ctx context.Context, path string) (Head, error) {
	h, err := l.Head(ctx)
	if err != nil {
		return h, err
	}
	kept, err := anchorsIn(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return h, err
	}
	if len(kept) > 0 && kept[len(kept)-1] == h {
		return h, nil
	}
	var whole int64 // behind it stands at most what a power cut left of a line
	for _, k := range kept {
		whole += int64(len(k.String())) + 1
	}
	if whole+int64(len(h.String()))+1 > maxAnchors {
		if err := putAside(path); err != nil {
			return h, fmt.Errorf("audit: %w", err)
		}
		whole = 0
	}
	if err := appendAt(path, whole, h.String()+"\n"); err != nil {
		return h, fmt.Errorf("audit: %w", err)
	}
	return h, nil
}

// appendAt writes a line at a place of a file, and ends the file behind it.
func appendAt(path string, at int64, line string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(line), at)
	return errors.Join(err, f.Truncate(at+int64(len(line))), f.Sync(), f.Close())
}

// putAside gives a full file the next number.
func putAside(path string) error {
	older, err := aside(path)
	if err != nil {
		return err
	}
	next := 1
	if n := len(older); n > 0 {
		if next, err = strconv.Atoi(strings.TrimPrefix(older[n-1], path+".")); err != nil {
			return err
		}
		next++
	}
	return os.Rename(path, fmt.Sprintf("%s.%04d", path, next))
}

// aside are the files that were put aside, the oldest first.
func aside(path string) (files []string, err error) {
	all, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	name := filepath.Base(path) + "."
	for _, e := range all { // in the order of their names
		if rest, found := strings.CutPrefix(e.Name(), name); found && len(rest) == 4 && strings.Trim(rest, "0123456789") == "" {
			files = append(files, path+"."+rest)
		}
	}
	return files, nil
}

// Anchors reads the file that Keep wrote, and those that it put aside, the oldest first. A
// line that a power cut left unfinished at the end is passed over; any other that is no
// anchor is an error with its line number.
func Anchors(path string) ([]Head, error) {
	files, err := aside(path)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	var all []Head
	for _, file := range files {
		heads, err := anchorsIn(file)
		if err != nil {
			return nil, err
		}
		all = append(all, heads...)
	}
	heads, err := anchorsIn(path)
	if errors.Is(err, fs.ErrNotExist) && len(all) > 0 { // it was put aside just now
		return all, nil
	}
	return append(all, heads...), err
}

// anchorsIn reads one file.
func anchorsIn(path string) ([]Head, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	if info.Size() > 2*maxAnchors { // with what a power cut left
		return nil, fmt.Errorf("audit: %s is larger than %d bytes; it was not written here", path, 2*maxAnchors)
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
