#!/usr/bin/env bash
# The part of test.sh that runs inside the namespaces, as their first process: makes
# the board, puts the street beside it and runs the README's commands on it.
# usage: inside.sh REPOSITORY ROOT_TAR EMPTY_DIR
set -euo pipefail
top=$1 tar=$2 work=$3
root=$work/board home=/home/engineer

ok() { printf 'ok  %s\n' "$*"; }
fail() {
  echo "error: $*" >&2
  for log in street.log lamppost.log; do
    [ ! -s "$root/var/log/$log" ] || { echo "--- the end of $log" >&2; tail -30 "$root/var/log/$log" >&2; }
  done
  exit 1
}

# emulator teaches this namespace's kernel to run arm64 programs, each namespace has
# a table of its own. F: the emulator is opened now, so the root need not contain it.
emulator() {
  [ "$(uname -m)" != aarch64 ] || return 0
  local arm64='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
  local mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
  mkdir "$work/binfmt"
  if mount -t binfmt_misc binfmt_misc "$work/binfmt" 2>"$work/log"; then
    printf '%s' ":board:M::$arm64:$mask:$(command -v qemu-aarch64-static):F" >"$work/binfmt/register"
  elif ! grep -qs '^flags:.*F' /proc/sys/fs/binfmt_misc/qemu-aarch64; then
    echo "a namespace can have an emulator of its own from Linux 6.7 on, this is $(uname -r), and none is registered with it ($(head -1 "$work/log"))" >"$work/why"
    exit 77
  fi
}

# board makes the root in memory: there setuid programs work whatever /tmp allows.
board() {
  mkdir "$root"
  mount -t tmpfs -o mode=755 board "$root"
  tar -C "$root" -xpf "$tar"
  mount -t proc proc "$root/proc" 2>/dev/null || mount --rbind /proc "$root/proc" # a container may hide parts of /proc
  mount -t tmpfs -o mode=755 dev "$root/dev"
  for d in null zero full random urandom tty; do
    touch "$root/dev/$d"
    mount --bind "/dev/$d" "$root/dev/$d"
  done
  # Serial ports that belong to root and dialout, as on a board.
  mkdir "$root/dev/pts"
  mount -t devpts -o "newinstance,ptmxmode=666,mode=660,gid=$(awk -F: '$1 == "dialout" { print $3 }' "$root/etc/group")" devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  hostname board
  echo "127.0.0.1 localhost board" >"$root/etc/hosts"
  chroot "$root" ip link set lo up
}

# engineer is the person at the board, who has copied three files there.
engineer() {
  chroot "$root" useradd --create-home --shell /bin/bash engineer
  printf 'engineer ALL=(ALL) NOPASSWD: ALL\nDefaults env_keep += QEMU_CPU\n' >"$root/etc/sudoers.d/engineer"
  chmod 440 "$root/etc/sudoers.d/engineer"
  install -m 755 "$top/deploy/dev/board/systemctl" "$root/usr/bin/systemctl"
  cp "$top/bin/lamppost-arm64" "$top/deploy/systemd/lamppost.service" "$root$home/"
  # Like the README's configuration it names no status page: the usual one is meant.
  sed '/^status:/,/^$/d' "$root/street/gateway.yaml" >"$root$home/gateway.yaml"
  block yaml >"$root$home/first.yaml"
  chroot "$root" chown -R engineer: "$home"
}

# street starts the simulated devices, on the board's lines and loopback.
street() {
  install -m 755 "$top/bin/lamppost-sim" "$root/usr/local/sbin/lamppost-sim"
  chroot "$root" lamppost-sim run --scenario calm --dir /street --gateway board-01 \
    --journal /var/lib/lamppost >"$root/var/log/street.log" 2>&1 &
  local sim=$!
  for ((i = 0; i < 150; i++)); do
    ! grep -qx ready "$root/var/log/street.log" || return 0
    kill -0 $sim 2>/dev/null || fail "the street ended by itself"
    sleep 0.2
  done
  fail "the street is not ready after 30 s"
}

# block prints the one fenced block of a language in the section.
block() {
  awk -v fence="\`\`\`$1" '
    /^## / { section = ($0 == "## On a real board") }
    !section { next }
    $0 == "```" { inside = 0 }
    inside { print }
    $0 == fence { inside = 1; blocks++ }
    END { if (blocks != 1) exit 1 }' "$top/README.md" || fail "README.md, \"On a real board\": no $1 block, or more than one"
}

# as_engineer runs a program on the board with a clean environment. The Cortex-A53
# is the Raspberry Pi 3's: an instruction it lacks ends the program.
as_engineer() {
  timeout --kill-after=5 "$1" chroot --userspec=engineer:engineer "$root" \
    env -i --chdir=$home HOME=$home USER=engineer LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin QEMU_CPU=cortex-a53 "${@:2}"
}

# readme runs the commands in one shell under set -e, as if typed one by one.
readme() {
  block sh >"$work/commands"
  {
    cat "$top/deploy/dev/board/steps.sh"
    while IFS= read -r command; do
      [ -z "$command" ] || printf 'begin %q\n{\n%s\n} >"$out" 2>&1 </dev/null\nend\n' "$command" "$command"
    done <"$work/commands"
  } >"$root$home/commands.sh"
  commands=$(grep -c . "$work/commands")
  as_engineer 120 bash -e commands.sh || fail "the README's commands do not work"
}

# working waits until every device is well, and shows what is wrong if one is not.
working() {
  local state
  for ((i = 0; i < 60; i++)); do
    state=$(chroot "$root" curl -s --max-time 5 http://127.0.0.1:8090/status.json) || state='{}'
    devices=$(chroot "$root" jq '.state.devices | length' <<<"$state")
    if chroot "$root" jq -e '.gateway == "board-01" and (.state.devices | length > 0 and all(.state == "ok"))' <<<"$state" >/dev/null; then
      ok "status.json: all $devices devices are ok"
      return
    fi
    sleep 0.5
  done
  chroot "$root" jq -c '.state.devices[]? | [.id, .state, .fault, .note]' <<<"$state" >&2
  fail "status.json: not every device is ok after 30 s"
}

# small runs the builds for small boards, on processors that have just those
# instructions: the ARM1176 is the first Raspberry Pi's and the Zero's.
small() {
  local build=$1 cpu=$2 arm
  arm=(timeout --kill-after=5 60 chroot "$root" env "QEMU_CPU=$cpu" /tmp/qemu-arm "/tmp/$build")
  cp "$(command -v qemu-arm-static)" "$root/tmp/qemu-arm"
  cp "$top/bin/$build" "$root/tmp/"
  if ! { "${arm[@]}" version && "${arm[@]}" check "$home/gateway.yaml"; } >"$work/log" 2>&1; then
    cat "$work/log" >&2
    fail "$build does not work on a $cpu"
  fi
  ok "$build: version and check on a $cpu"
}

# first checks the configuration that the README starts from. Its adapters are not
# here, so read finds nothing, says so and exits 4.
first() {
  local code=0
  as_engineer 30 lamppost check first.yaml >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "the README's first configuration is wrong"; }
  ok "lamppost check: the README's first configuration is good"
  as_engineer 30 lamppost read --config first.yaml >"$work/log" 2>&1 || code=$?
  [ $code = 4 ] || { cat "$work/log" >&2; fail "lamppost read without any adapter: exit code $code, not 4"; }
  ok "lamppost read without any adapter: exit code 4"
}

# guarded waits for the sign of life without which systemd kills the service.
guarded() {
  for ((i = 0; i < 75; i++)); do
    if [ -e "$root/run/lamppost.watchdog" ]; then
      ok "the gateway feeds systemd's watchdog"
      return
    fi
    sleep 0.2
  done
  fail "the gateway has not fed the watchdog within 15 s"
}

# stopped ends the service as systemctl stop does.
stopped() {
  as_engineer 30 sudo systemctl stop lamppost >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "the gateway does not stop as it should"; }
  ok "the gateway stops on SIGTERM, exit code 0"
}

emulator
board
street
ok "a board, Debian $(cat "$root/etc/debian_version") without systemd, in a simulated street"
engineer
readme
working
first
small lamppost-armv7 cortex-a7
small lamppost-armv6 arm1176
guarded
stopped
ok "README \"On a real board\": $commands commands work, $SECONDS s"
