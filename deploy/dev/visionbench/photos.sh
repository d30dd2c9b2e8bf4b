#!/bin/sh
# Takes the photographs and the footage that photos.csv and footage.csv name out of their
# Debian packages into a folder, without installing any. Beside each package's files lies
# VERSION. Footage becomes two pictures a second. What is there already is left as it is.
set -eu
to=${1:?usage: photos.sh FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
command -v ffmpeg >/dev/null || { echo "ffmpeg is not installed; it reads the footage: apt-get install ffmpeg" >&2; exit 1; }
mkdir -p "$to"
list=$( (tail -n +2 "$here/photos.csv"; tail -n +2 "$here/footage.csv") | cut -d, -f2,3)
echo "$list" | cut -d, -f1 | sort -u | while read -r pack; do
	[ -d "$to/$pack" ] && continue
	work=$(mktemp -d "$to/.fetch-XXXXXX")
	(
		cd "$work"
		apt-get -qq -o APT::Sandbox::User=root download "$pack"
		mkdir kept
		dpkg-deb -f "$pack"_*.deb Version >kept/VERSION
		dpkg-deb --fsys-tarfile "$pack"_*.deb >all.tar
		echo "$list" | sed -n "s|^$pack,|./|p" >wanted
		tar -xf all.tar -C kept -T wanted
	)
	mv "$work/kept" "$to/$pack"
	rm -r "$work"
done
tail -n +2 "$here/footage.csv" | cut -d, -f2-4 | tr , ' ' | while read -r pack file seconds; do
	[ -d "$to/$pack/$file.pictures" ] && continue
	mkdir "$to/$pack/$file.part"
	ffmpeg -v error -i "$to/$pack/$file" -t "$seconds" -vf 'fps=2,scale=320:240,setsar=1' -q:v 5 "$to/$pack/$file.part/%04d.jpg" </dev/null
	mv "$to/$pack/$file.part" "$to/$pack/$file.pictures"
done
