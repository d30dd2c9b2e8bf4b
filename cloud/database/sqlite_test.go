package database_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/database"
)

// openFile opens a file of SQLite, whosever turn it is.
func openFile(t *testing.T, path string, s ...database.Schema) *database.DB {
	t.Helper()
	d, err := database.Open(t.Context(), path, s...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestSettings(t *testing.T) {
	d := openFile(t, filepath.Join(t.TempDir(), "a b%20?.db"), things)
	err := d.Write(t.Context(), func(tx *sql.Tx) error {
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
			var got string
			if err := tx.QueryRowContext(t.Context(), "pragma "+pragma).Scan(&got); err != nil {
				return err
			}
			if got != want {
				t.Errorf("pragma %s = %s, want %s", pragma, got, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Check(t.Context()); err != nil {
		t.Errorf("Check = %v", err)
	}
}

func TestFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	openFile(t, path)
	fi, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := fi.Mode().Perm(); got != 0o600 {
		t.Errorf("the file's mode is %o, want 600: it holds names of persons", got)
	}
}

func TestDamageIsReportedNotRepaired(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	junk := bytes.Repeat([]byte("not a database. "), 512)
	if err := os.WriteFile(path, junk, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := database.Open(t.Context(), path, things); !errors.Is(err, database.ErrDamaged) {
		t.Errorf("Open = %v, want ErrDamaged", err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, junk) {
		t.Error("the damaged file was changed")
	}
}

func TestMissingDirectory(t *testing.T) {
	_, err := database.Open(t.Context(), filepath.Join(t.TempDir(), "no", "a.db"))
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Open = %v, want os.ErrNotExist", err)
	}
}
