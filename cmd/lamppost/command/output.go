package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// output is where an export goes. A file appears whole or not at all; a device, a
// pipe and standard output take the bytes as they come.
type output struct {
	io.Writer
	name string   // as it was asked for; empty: standard output
	file *os.File // nil: standard output
	path string   // of the file that keep puts in place; empty: the bytes went straight there
	mode fs.FileMode
	err  error // of the first write that failed
}

// createOutput opens name; empty and - are stdout. What name links to is written, the
// link stays; what is no regular file is written to and never replaced. It blocks until
// somebody reads from a pipe or ctx ends.
func createOutput(ctx context.Context, name string, stdout io.Writer) (*output, error) {
	if name == "" || name == "-" {
		return &output{Writer: stdout}, nil
	}
	st, err := os.Stat(name)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case err == nil && st.IsDir():
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EISDIR}
	case err == nil && isStdout(st):
		return &output{Writer: stdout}, nil // /dev/stdout, wherever it leads
	case err == nil && !st.Mode().IsRegular():
		f, err := openStream(ctx, name)
		return &output{Writer: f, name: name, file: f}, err
	}
	o := &output{name: name, mode: 0o644}
	if err == nil {
		o.mode = st.Mode().Perm()
	}
	if o.path, err = linked(name); err != nil {
		return nil, err
	}
	o.file, err = os.CreateTemp(filepath.Dir(o.path), ".lamppost-export-*")
	o.Writer = o.file
	return o, err
}

func isStdout(st fs.FileInfo) bool {
	out, err := os.Stdout.Stat()
	return err == nil && os.SameFile(out, st)
}

// openStream opens a device or pipe. An open that waits for a reader cannot be called
// back; it is left behind when ctx ends, as the program is about to.
func openStream(ctx context.Context, name string) (*os.File, error) {
	type opened struct {
		f   *os.File
		err error
	}
	done := make(chan opened)
	go func() {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		select {
		case done <- opened{f, err}:
		case <-ctx.Done():
			_ = f.Close() // a reader that came too late is not kept waiting
		}
	}()
	select {
	case o := <-done:
		if o.err == nil { // a reader that does not read must not hold up an interrupt
			context.AfterFunc(ctx, func() { _ = o.f.SetWriteDeadline(time.Now()) }) // a device without deadlines does not wait
		}
		return o.f, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// maxLinks is how many links are followed, as many as the kernel does.
const maxLinks = 40

// linked follows links to the file they mean, which need not be there.
func linked(path string) (string, error) {
	for range maxLinks {
		dir, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			return "", err
		}
		path = filepath.Join(dir, filepath.Base(path))
		to, err := os.Readlink(path)
		if err != nil {
			return path, nil //nolint:nilerr // it is no link
		}
		if !filepath.IsAbs(to) {
			to = dir + "/" + to
		}
		path = to
	}
	return "", &fs.PathError{Op: "open", Path: path, Err: syscall.ELOOP}
}

// Write notes the first error: what failed was writing, not reading the journal.
func (o *output) Write(b []byte) (int, error) {
	n, err := o.Writer.Write(b)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// keep puts the file in its place.
func (o *output) keep() error {
	switch {
	case o.file == nil:
		return nil
	case o.path == "":
		return o.file.Close()
	}
	for _, step := range []func() error{func() error { return o.file.Chmod(o.mode) }, o.file.Sync, o.file.Close,
		func() error { return os.Rename(o.file.Name(), o.path) }} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// drop takes an unfinished file away; after keep it does nothing.
func (o *output) drop() {
	if o.file != nil {
		_ = o.file.Close() // a second time: keep has done it
	}
	if o.path != "" {
		_ = os.Remove(o.file.Name())
	}
}

// failed says why nothing could be written to name, and what would help; empty is
// standard output. The path of err is left out: it may be a file made in passing.
func failed(name string, err error) error {
	what := name
	if name == "" {
		what = "standard output"
	}
	code, text, hint := exitStorage, "", ""
	switch {
	case errors.Is(err, fs.ErrPermission):
		code, text, hint = exitPermission, "you may not write "+what, "write into a directory of your own: -o FILE"
	case errors.Is(err, syscall.EISDIR):
		code, text, hint = exitUsage, what+" is a directory", "name a file in it: -o "+filepath.Join(name, "export.csv")
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		text, hint = "there is no directory "+filepath.Dir(what), "make it (mkdir -p), or name another one: -o FILE"
	case errors.Is(err, syscall.EROFS):
		text, hint = what+" lies on a read-only file system", "name a file on another disk: -o FILE"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		text, hint = "there is no room left for "+what, "make room, name a file on another disk (-o FILE), or ask for less (--since)"
	case errors.Is(err, syscall.EPIPE):
		text, hint = "nobody reads "+what+" any more", "let the reader run to the end"
	default:
		text, hint = fmt.Sprintf("%s cannot be written: %v", what, cause(err)), "name another file: -o FILE"
	}
	return &exit{code, errors.New(text), hint}
}

// shown is the error of a command that writes to standard output.
func shown(err error) error {
	if err == nil {
		return nil
	}
	return failed("", err)
}

// cause is what the system said, without the path.
func cause(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
