//go:build linux

package process

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// leftoverPause is how long what was killed has to be gone before it is looked for again.
const leftoverPause = 10 * time.Millisecond

// EndMarked kills every process whose environment, as it was when it was started,
// holds this entry, KEY=value, and waits until none is left or ctx ends. What is
// started with the entry in its spec's Env hands it on to all that it starts, so
// this finds what outlived the program that started it: the kernel kills only the
// direct child with us. It returns how many were found. Not found is what dropped its
// environment (env -i, sudo) or belongs to a user whom we may not look at (proc(5)).
func EndMarked(ctx context.Context, entry string) (n int, err error) {
	seen := map[int]bool{}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return len(seen), fmt.Errorf("what an earlier run started with %s does not end: %w", entry, ctx.Err())
		case <-timer.C:
		}
		pids, err := marked(entry)
		if err != nil || len(pids) == 0 {
			return len(seen), err
		}
		for _, pid := range pids { // again and again: one may have started another meanwhile
			seen[pid] = true
			_ = unix.Kill(pid, unix.SIGKILL) // gone since: so much the better
		}
		timer.Reset(leftoverPause)
	}
}

// marked lists the other processes that have an entry in their environment. A zombie
// has none.
func marked(entry string) (pids []int, err error) {
	files, err := filepath.Glob("/proc/[1-9]*/environ")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		if err != nil || pid == os.Getpid() {
			continue
		}
		env, err := os.ReadFile(f)
		if err != nil {
			continue // gone since, or not ours to see
		}
		for e := range bytes.SplitSeq(env, []byte{0}) {
			if string(e) == entry {
				pids = append(pids, pid)
				break
			}
		}
	}
	return pids, nil
}
