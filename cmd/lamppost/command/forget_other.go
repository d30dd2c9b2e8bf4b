//go:build !linux

package command

// forgetProgram leaves it to the system.
func forgetProgram() {}
