#!/bin/sh
# A driver in shell: the temperature of the board, as the kernel tells it.
# Answers {"v":1,"id":17,"do":"sample"} with {"id":17,"readings":{"temp":…}}.
# The temperature of the first thermal zone; a file may be named instead.
zone=${1:-/sys/class/thermal/thermal_zone0/temp}
while read -r line; do
	id=${line##*\"id\":}
	id=${id%%[!0-9]*}
	case $line in
	*'"do":"sample"'*) ;;
	*)
		printf '{"id":%s,"fault":"protocol","text":"this driver can only sample"}\n' "$id"
		continue
		;;
	esac
	if ! milli=$(cat "$zone" 2>/dev/null) || [ -z "$milli" ]; then
		printf '{"id":%s,"fault":"unplugged","text":"%s cannot be read"}\n' "$id" "$zone"
		continue
	fi
	# 48312 is 48.312 degrees; the shell only knows whole numbers.
	sign=
	case $milli in -*) sign=- milli=${milli#-} ;; esac
	printf '{"id":%s,"readings":{"temp":%s%d.%03d}}\n' "$id" "$sign" $((milli / 1000)) $((milli % 1000))
done
