#!/bin/bash
# measure.sh SAMPLES PART WHO ROUND COMMAND..: runs it, adds a line to SAMPLES: part, who, round, seconds, seconds of CPU
# of the processes on this side, their largest resident set in KiB, load of the machine before, exit code.
set -euo pipefail
samples=$1 part=$2 who=$3 round=$4
shift 4
memory=$(mktemp)
load=$(cut -d' ' -f1 /proc/loadavg)
code=0
TIMEFORMAT='%3R %3U %3S'
exec 3>&2
# What `time` says goes to us, what the command says stays where it was.
said=$({ time command time -o "$memory" -f %M -- "$@" >&3 2>&3; } 2>&1) || code=$?
read -r wall user sys <<<"${said##*$'\n'}"
printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$part" "$who" "$round" "$wall" \
  "$(awk "BEGIN { print $user + $sys }")" "$(tail -n 1 "$memory")" "$load" "$code" >>"$samples"
rm -f "$memory"
exit "$code"
