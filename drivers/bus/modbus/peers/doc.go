// Package peers holds tests only: package modbus against Modbus programs that were
// written by others, over TCP, over raw RTU frames in TCP and over serial lines made by
// socat. They are Debian's pymodbus (a server in Python), libmodbus (a server in C,
// compiled here) and mbpoll (a second master, beside us on the same bus). Where one is
// not installed its tests are skipped, unless LAMPPOST_REQUIRE_PARTS is set.
package peers
