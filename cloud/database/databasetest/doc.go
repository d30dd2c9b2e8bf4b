// Package databasetest runs a package's tests on each database engine: on SQLite, and
// then all of them again on a PostgreSQL server of their own, on its real disk with
// fsync on. A package with tables says in its TestMain
//
//	goleak.VerifyTestMain(databasetest.Both(m))
//
// and opens its databases with Open.
package databasetest
