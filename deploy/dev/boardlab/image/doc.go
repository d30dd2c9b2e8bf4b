// Package image makes what the board lab boots: Debian's arm64 kernel and an initial
// RAM disk with the modules that the lab's boards need, two of them written for it.
//
// [Make] fetches the kernel, its headers and the three source files that Debian does
// not build from Debian itself, with a private apt configuration that neither reads
// nor changes the machine's own, builds the modules for arm64, and keeps all of it in
// a cache: by kernel version, and within that by what was made of it. A second call
// takes milliseconds and needs no network; only removing the cache fetches a newer
// kernel. No root is needed: the archive's device nodes come from the kernel.
//
// Programs needed: apt-get, apt-cache, dpkg-deb, tar, xz, make and the arm64 cross
// compiler. What cannot be had wraps [ErrUnavailable]; everything else is a fault.
package image
