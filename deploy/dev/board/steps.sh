#!/usr/bin/env bash
# The head of the script that test.sh makes of the README's commands: each one shows
# that it ran, how long it took and the last line it said; the first that fails ends
# the script and shows all it said.
out=$(mktemp)
step=""
exec 3>&2 # a command that fails leaves with its output still redirected
trap '[ -z "$step" ] || { printf "error: %s\n" "$step"; cat "$out"; } >&3' EXIT

begin() { step=$1 since=${EPOCHREALTIME/[.,]/}; }

end() {
  local ms=$(((${EPOCHREALTIME/[.,]/} - since) / 1000)) last
  last=$(tail -1 "$out")
  [ ${#last} -le 100 ] || last=${last:0:60}…
  printf 'ok  %s  (%d.%d s)%s\n' "$step" $((ms / 1000)) $((ms % 1000 / 100)) "${last:+  $last}"
  step=""
}
