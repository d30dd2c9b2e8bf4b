//go:build !linux

package command

import "context"

// useCores leaves it to the runtime.
func useCores(context.Context) (stop func()) { return func() {} }
