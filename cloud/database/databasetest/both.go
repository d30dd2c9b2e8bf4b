package databasetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/database"
)

// address is the environment variable that says where the server is; empty: SQLite's
// turn. Set beforehand, it names one to be used instead of a private one.
const address = "LAMPPOST_TEST_POSTGRES"

// Runner runs tests. It is a *testing.M.
type Runner interface{ Run() int }

// Both returns what runs all tests on SQLite, and then on PostgreSQL. Where PostgreSQL is
// not installed the second half is left out, unless LAMPPOST_REQUIRE_PARTS is set.
func Both(m Runner) Runner { return both{m} }

type both struct{ m Runner }

func (b both) Run() int {
	given := os.Getenv(address)
	os.Unsetenv(address)
	if code := b.m.Run(); code != 0 || once() {
		return code
	}
	if given == "" {
		s, err := Start()
		if errors.Is(err, ErrNotInstalled) && os.Getenv("LAMPPOST_REQUIRE_PARTS") == "" {
			fmt.Println("not again on PostgreSQL:", err)
			return 0
		}
		if err != nil {
			fmt.Println("PostgreSQL does not start:", err)
			return 1
		}
		defer s.Remove()
		given = s.URL
	}
	os.Setenv(address, given)
	defer os.Unsetenv(address)
	fmt.Println("again, on PostgreSQL:")
	return b.m.Run()
}

// once says that a second run makes no sense: tests are listed or a decoder is fuzzed.
func once() bool {
	for _, name := range []string{"test.list", "test.fuzz"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return true
		}
	}
	return false
}

// OnPostgres says whether Open opens databases of PostgreSQL.
func OnPostgres() bool { return os.Getenv(address) != "" }

// Open opens a database of the engine whose turn it is. On PostgreSQL each path has
// tables of its own, which are there again when it is opened again.
func Open(ctx context.Context, path string, schemas ...database.Schema) (*database.DB, error) {
	at := os.Getenv(address)
	if at == "" {
		return database.Open(ctx, path, schemas...)
	}
	p, err := within(ctx, at, path)
	if err != nil {
		return nil, err
	}
	return database.OpenPostgres(ctx, p, schemas...)
}

// Fresh opens an empty database that closes with the test.
func Fresh(t testing.TB, schemas ...database.Schema) *database.DB {
	t.Helper()
	d, err := Open(t.Context(), t.TempDir()+"/a.db", schemas...)
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

// within makes a place for the tables of one path on the server.
func within(ctx context.Context, at, path string) (database.Postgres, error) {
	name := fmt.Sprintf("t_%x", sha256.Sum256([]byte(path)))[:24]
	if err := statement(ctx, at, "create schema if not exists "+name); err != nil {
		return database.Postgres{}, err
	}
	sep := "?"
	if strings.Contains(at, "?") {
		sep = "&"
	}
	return database.Postgres{URL: at + sep + "search_path=" + url.QueryEscape(name)}, nil
}
