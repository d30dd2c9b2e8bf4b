#!/usr/bin/env bash
# Runs the commands of the README's section "On a real board" as a field engineer
# would: in a Debian root, with the arm64 gateway under qemu-user, at the simulated
# street's devices.  usage: test.sh TOOLS_DIR
#
# Nothing on this machine is changed. Mounts, the registration of the emulator,
# processes, loopback ports and serial ports live in namespaces of their own, and the
# kernel removes them all when the test ends, however it ends. What stays is
# TOOLS_DIR/debian-root.tar, so that Debian is fetched only once.
#
# DEBIAN_MIRROR names another mirror. LAMPPOST_REQUIRE_PARTS=1 makes a failure of
# what is otherwise skipped: a kernel that can lend no emulator to a namespace.
set -euo pipefail

[ $# = 1 ] || { echo "usage: ${0##*/} TOOLS_DIR" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../../.." && pwd)
tools=$1
PATH=$PATH:/usr/sbin:/sbin # debootstrap, chroot: not on everybody's path

if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "error: the board test makes a Debian root and namespaces: run it as root, or install sudo" >&2; exit 1; }
  exec sudo --preserve-env=DEBIAN_MIRROR,LAMPPOST_REQUIRE_PARTS,http_proxy,https_proxy,no_proxy "$here/test.sh" "$tools"
fi

fail() { echo "error: $*" >&2; exit 1; }
ok() { printf 'ok  %s\n' "$*"; }

# skip ends the test without a verdict, unless a verdict is demanded.
skip() {
  [ "${LAMPPOST_REQUIRE_PARTS:-}" != 1 ] || fail "$*"
  echo "SKIPPED  README \"On a real board\": $*"
  exit 0
}

for program in debootstrap qemu-aarch64-static qemu-arm-static unshare chroot; do
  command -v $program >/dev/null || fail "no $program here: make setup installs it"
done
for binary in lamppost-arm64 lamppost-armv7 lamppost-armv6 lamppost-sim; do
  [ -x "$top/bin/$binary" ] || fail "no bin/$binary: make build-arm build"
done

work=$(mktemp -d) ns=""
# With unshare dies the namespace's first process, and with that all others and the
# mounts. Nothing is left when the first one is gone.
finish() {
  local code=$? first
  trap - EXIT
  trap '' INT TERM HUP
  if [ -n "$ns" ]; then
    read -r first 2>/dev/null <"/proc/$ns/task/$ns/children" || true
    kill -KILL "$ns" 2>/dev/null || true
    wait "$ns" 2>/dev/null || true
    for ((i = 0; i < 100; i++)); do
      [ -n "${first:-}" ] && kill -0 "$first" 2>/dev/null || break
      sleep 0.05
    done
  fi
  rm -rf --one-file-system "$work"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# A minimal Debian and what the commands take for granted on a board: curl and sudo;
# ip and jq are for the test.
suite=bookworm include=curl,sudo,iproute2,jq
recipe="$suite $include $(uname -m)"
tar=$tools/debian-root.tar
if [ ! -s "$tar" ] || [ "$(cat "$tar.recipe" 2>/dev/null)" != "$recipe" ]; then
  mkdir -p "$tools"
  echo "making a Debian root (once, about half a minute) …"
  # In namespaces too: what debootstrap mounts and starts can then not be left behind.
  unshare --mount --pid --fork --kill-child debootstrap --variant=minbase --include=$include $suite "$work/debian" \
    ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} >"$work/log" 2>&1 &
  ns=$!
  wait "$ns" || { ns=""; tail -20 "$work/log" >&2; fail "debootstrap failed; DEBIAN_MIRROR names another mirror"; }
  ns=""
  # The root is unpacked into memory each time, so what nobody reads stays out.
  tar -C "$work/debian" -cf "$tar.part" --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' --exclude='./var/cache/*' \
    --exclude='./var/lib/apt/lists/*' --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' .
  mv "$tar.part" "$tar"
  printf '%s\n' "$recipe" >"$tar.recipe"
  [ -z "${SUDO_UID:-}" ] || chown "$SUDO_UID:$SUDO_GID" "$tar" "$tar.recipe"
  rm -rf --one-file-system "$work/debian"
  ok "a Debian $suite root in ${tar##*/}"
fi

# systemd itself is not run here, but it reads the unit. The gateway is not installed
# on this machine; any other complaint about the unit counts.
if command -v systemd-analyze >/dev/null; then
  systemd-analyze verify "$top/deploy/systemd/lamppost.service" >"$work/log" 2>&1 || true
  ! grep -F lamppost "$work/log" | grep -vF 'Command /usr/local/bin/lamppost is not executable' >&2 || fail "systemd-analyze verify finds fault with the unit"
  ok "systemd-analyze verify deploy/systemd/lamppost.service"
fi

# A mapping of all users, not only of root: the service runs as one of its own, and
# sudo needs somebody to serve. Only the parent can write it, so the child waits.
sorts=(--mount --net --pid --uts --ipc)
unshare --user "${sorts[@]}" true 2>"$work/log" || skip "this machine allows no namespaces ($(tail -1 "$work/log"))"
mkfifo "$work/mapped"
unshare --user bash -c 'read -r <"$1" && shift && exec "$@"' - "$work/mapped" \
  unshare "${sorts[@]}" --fork --kill-child bash "$here/inside.sh" "$top" "$tar" "$work" &
ns=$!
for ((i = 0; i < 100; i++)); do
  [ "$(readlink "/proc/$ns/ns/user")" = "$(readlink /proc/self/ns/user)" ] || break
  sleep 0.05
done
for ids in uid_map gid_map; do
  map=$(awk '{ print $1, $1, $3 }' /proc/self/$ids)
  cat <<<"$map" >"/proc/$ns/$ids" # cat, because the kernel wants it in one write
done
echo >"$work/mapped"

code=0
wait "$ns" || code=$?
ns=""
[ "$code" != 77 ] || skip "$(cat "$work/why")" # the customary code of a skipped test
exit "$code"
