// Package docstest holds the tests that keep the pages people read true: the two
// READMEs in step, every link alive, every configuration example valid.
package docstest
