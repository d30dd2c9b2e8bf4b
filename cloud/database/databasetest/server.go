package databasetest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
)

// ErrNotInstalled says that there is no PostgreSQL on this machine.
var ErrNotInstalled = errors.New("no initdb in PATH or below /usr/lib/postgresql; install the Debian package postgresql")

// nobody is the user that the server runs as when the tests run as root, which it
// refuses.
const nobody = 65534

// patience is how long the server may take for a step.
const patience = 2 * time.Minute

// Server is a PostgreSQL server with a data directory of its own that listens on a Unix
// socket alone. It dies with this process.
type Server struct {
	URL string

	bin, dir string
	cmd      *exec.Cmd
	said     *bytes.Buffer
	done     chan error
}

// Start makes and starts a server. Remove ends it.
func Start() (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	// A socket's path has little room, so this is not below the test's folder.
	dir, err := os.MkdirTemp("", "pg-")
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir, URL: "postgres://lamppost@/postgres?" + url.Values{"host": {dir}}.Encode()}
	if err := s.make(); err != nil {
		s.Remove()
		return nil, err
	}
	if err := s.Up(); err != nil {
		s.Remove()
		return nil, err
	}
	return s, nil
}

// programs returns the folder with the newest initdb.
func programs() (string, error) {
	if p, err := exec.LookPath("initdb"); err == nil {
		p, err = filepath.EvalSymlinks(p)
		return filepath.Dir(p), err
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.Join(ErrNotInstalled, err)
	}
	version := func(p string) int { n, _ := strconv.Atoi(strings.Split(p, "/")[4]); return n }
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
}

// make makes the data directory. Only that is not synced: nothing is in it yet.
func (s *Server) make() error {
	if os.Getuid() == 0 {
		if err := os.Chown(s.dir, nobody, nobody); err != nil {
			return err
		}
	}
	cmd := s.command("initdb", "-D", s.data(), "-U", "lamppost", "--auth=trust", "-E", "UTF8", "--no-locale", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	return cmd
}

// Up starts the server, again after Kill, and waits until it answers. Options are
// settings such as fsync=off.
func (s *Server) Up(options ...string) error {
	args := []string{"-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "max_connections=200"}
	for _, o := range options {
		args = append(args, "-c", o)
	}
	for end := time.Now().Add(patience); ; {
		err := s.launch(args)
		if err == nil {
			return nil
		}
		// Processes of the one that was killed may hold its memory for a moment.
		if time.Now().After(end) || !strings.Contains(err.Error(), "still in use") {
			return err
		}
	}
}

// launch starts the server and returns when it has ended or answers.
func (s *Server) launch(args []string) error {
	s.said = &bytes.Buffer{}
	s.cmd = s.command("postgres", args...)
	s.cmd.Stderr = s.said
	s.done = make(chan error, 1)
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the death signal follows the thread that forked
		err := s.cmd.Start()
		started <- err
		if err == nil {
			s.done <- s.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		s.cmd = nil
		return err
	}
	return s.answers()
}

// answers waits until the server answers.
func (s *Server) answers() error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.Now().Add(patience)
	for {
		err := statement(context.Background(), s.URL, "select 1")
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
			if time.Now().After(end) {
				return fmt.Errorf("it does not answer: %w", err)
			}
		case err := <-s.done:
			s.cmd = nil
			return fmt.Errorf("it ended: %w: %s", err, s.said)
		}
	}
}

// Kill ends the server and all its processes at once, as the loss of its machine does.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	s.signal(syscall.SIGKILL)
	<-s.done
	s.cmd = nil
}

// Freeze stops the server and all its processes where they are, or lets them go on: what
// is connected stays so, and is not answered.
func (s *Server) Freeze(still bool) {
	if still {
		s.signal(syscall.SIGSTOP)
	} else {
		s.signal(syscall.SIGCONT)
	}
}

// signal signals the server and its children, each of which leads a session of its own.
func (s *Server) signal(what syscall.Signal) {
	server := s.cmd.Process.Pid
	_ = syscall.Kill(server, what) // first: it makes no more
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state parent …; a name may hold anything but ends with the last ")".
		fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err == nil && len(fields) > 1 && fields[1] == strconv.Itoa(server) {
			_ = syscall.Kill(pid, what)
		}
	}
}

// Remove ends the server and deletes its data.
func (s *Server) Remove() {
	s.Kill()
	_ = os.RemoveAll(s.dir)
}

// Exec runs a statement as the server's superuser.
func (s *Server) Exec(ctx context.Context, text string) error { return statement(ctx, s.URL, text) }

// statement runs one statement on a connection of its own.
func statement(ctx context.Context, at, text string) error {
	db, err := sql.Open("pgx", at)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, text)
	return errors.Join(err, db.Close())
}
