// Package archtest holds the repository to its own map: which part may import
// which, no package without a meaning in its name, no init function. It has no
// code but its tests, which read the sources and name file, line and reason.
package archtest
