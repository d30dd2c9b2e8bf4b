//go:build !linux

package command

// memoryDir returns a folder that outlives the program and costs no flash; here there
// is none that is known.
func memoryDir(string) string { return "" }
