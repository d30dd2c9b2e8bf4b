#!/bin/sh
# Unpacks the packages that photos.csv names into a folder, without installing them. A
# package that is there already is left as it is.
set -eu
to=${1:?usage: photos.sh FOLDER}
list=$(dirname "$0")/photos.csv
mkdir -p "$to"
tail -n +2 "$list" | cut -d, -f1 | sort -u | while read -r pack; do
	[ -d "$to/$pack" ] && continue
	work=$(mktemp -d "$to/.fetch-XXXXXX")
	(cd "$work" && apt-get -qq download "$pack" && dpkg -x "$pack"_*.deb unpacked)
	mv "$work/unpacked" "$to/$pack"
	rm -r "$work"
done
