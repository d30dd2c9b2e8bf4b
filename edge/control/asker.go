package control

import "context"

type askerKey struct{}

// Asker names the user who asks, in a Handler's context: the account on the other end
// of the socket, as the kernel knows it, not as anybody says.
func Asker(ctx context.Context) string {
	name, ok := ctx.Value(askerKey{}).(string)
	if !ok {
		return "an unknown user"
	}
	return name
}
