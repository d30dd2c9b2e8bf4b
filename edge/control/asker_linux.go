package control

import (
	"net"
	"os/user"
	"strconv"

	"golang.org/x/sys/unix"
)

// peer names who is on the other end of a socket, as the kernel knows it: unix(7),
// SO_PEERCRED.
func peer(c net.Conn) string {
	const nobody = "an unknown user"
	u, ok := c.(*net.UnixConn)
	if !ok {
		return nobody
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return nobody
	}
	var cred *unix.Ucred
	if cerr := raw.Control(func(fd uintptr) { cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); cerr != nil || err != nil {
		return nobody
	}
	id := strconv.FormatUint(uint64(cred.Uid), 10)
	if known, err := user.LookupId(id); err == nil {
		return known.Username
	}
	return "user " + id
}
