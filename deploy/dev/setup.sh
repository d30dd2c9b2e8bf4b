#!/usr/bin/env bash
# Installs what the tests need and says so first. Debian packages by apt-get, only
# those that are missing and without starting their services; InfluxDB 1.8.3 by the
# Go tool chain.  usage: setup.sh TOOLS_DIR INFLUXD_MODULE
set -euo pipefail
tools=$1 influxd=$2

declare -A need=(
  [mosquitto]="command -v mosquitto || test -x /usr/sbin/mosquitto"
  [postgresql]="command -v initdb || ls /usr/lib/postgresql/*/bin/initdb"
  [chromium]="command -v chromium"
  [fonts-noto-cjk]="test -d /usr/share/fonts/opentype/noto"
  [qemu-user-static]="command -v qemu-aarch64-static"
  [iproute2]="PATH=$PATH:/usr/sbin:/sbin; command -v ip && command -v tc"
  [nftables]="PATH=$PATH:/usr/sbin:/sbin; command -v nft"
  [e2fsprogs]="PATH=$PATH:/usr/sbin:/sbin; command -v mkfs.ext4 && command -v chattr"
  [debootstrap]="command -v debootstrap || test -x /usr/sbin/debootstrap"
  [qemu-system-arm]="command -v qemu-system-aarch64"
  [gcc-aarch64-linux-gnu]="command -v aarch64-linux-gnu-gcc"
  [socat]="command -v socat"
  [xz-utils]="command -v xz"
  [cpio]="command -v cpio"
  [zstd]="command -v zstd"
  [openssl]="command -v openssl"
  [python3]="test -x /usr/bin/python3"
  [python3-pymodbus]="/usr/bin/python3 -c 'import pymodbus.server.async_io'"
  [python3-serial]="/usr/bin/python3 -c 'import serial'"
  [python3-serial-asyncio]="/usr/bin/python3 -c 'import serial_asyncio'"
  [libmodbus-dev]="test -e /usr/include/modbus/modbus.h"
  [mbpoll]="command -v mbpoll"
  [ffmpeg]="command -v ffmpeg"
  [poppler-utils]="command -v pdftotext"
  [gcc]="command -v cc"
  [libc6-dev]="test -e /usr/include/stdlib.h"
)
missing=()
for p in mosquitto postgresql chromium fonts-noto-cjk qemu-user-static debootstrap iproute2 nftables e2fsprogs \
  qemu-system-arm gcc-aarch64-linux-gnu socat xz-utils cpio zstd openssl python3 python3-pymodbus python3-serial python3-serial-asyncio \
  libmodbus-dev mbpoll ffmpeg poppler-utils gcc libc6-dev; do
  bash -c "${need[$p]}" >/dev/null 2>&1 || missing+=("$p")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "Debian packages that the tests need and this machine lacks: ${missing[*]}"
  sudo=""; [ "$(id -u)" = 0 ] || sudo=sudo
  if ! command -v apt-get >/dev/null; then
    echo "error: no apt-get here; install them by hand and run make test again" >&2; exit 1
  fi
  # The tests start servers of their own on free ports; the packages' services stay off.
  policy=/usr/sbin/policy-rc.d made=""
  if [ ! -e $policy ]; then printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null; $sudo chmod +x $policy; made=1; fi
  trap '[ -z "$made" ] || $sudo rm -f $policy' EXIT
  $sudo apt-get update -q
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
fi
mkdir -p "$tools/bin"
if [ ! -x "$tools/bin/influxd" ]; then
  echo "building ${influxd##*/} (about a minute) …"
  (cd / && GOBIN="$tools/bin" GOFLAGS= go install "$influxd")
fi
