# shellcheck shell=bash
# Proof that nothing changed: two listings of all a node has written, before and after, are the same.

# What an idle node writes by itself, as `find -path` patterns below the overlay's upper layer ..
QUIET_ROOT=(
  run tmp var/tmp var/log dev proc sys
  var/lib/systemd/random-seed var/lib/systemd/timers var/lib/systemd/timesync var/lib/chrony
  # a mere `rpm -q` by root writes these
  var/lib/rpm/rpmdb.sqlite-shm var/lib/rpm/rpmdb.sqlite-wal
)
# .. and below its data disk: a brick's own pulse, every 30 s
QUIET_DATA=('*/.glusterfs/health_check')

cmd_manifest() {
  local name=$1 i=$2 dir pid
  check_root
  check_lab "$name"
  check_node "$name" "$i"
  dir=$(node_dir "$name" "$i")
  listing "$dir/upper" '' "${QUIET_ROOT[@]}"
  pid=$(node_init "$name" "$i")
  if [[ -n $pid ]]; then
    listing "/proc/$pid/root/data" /data "${QUIET_DATA[@]}"
  elif [[ -f $dir/disk.img ]]; then
    # the node is off: look at its disk in passing, in a mount namespace that ends with the look
    export -f listing table
    # shellcheck disable=SC2016 # for the inner shell
    unshare --mount --propagation private bash -euc '
      mount -o loop,ro "$1/disk.img" "$1/data"
      listing "$1/data" /data "${@:2}"' - "$dir" "${QUIET_DATA[@]}"
    wait_until 30 disk_free "$dir"
  else
    listing "$dir/disk" /data "${QUIET_DATA[@]}"
  fi
}

# One line an entry: type, mode, uid, gid, size, sha256, path, link target. Folders have no size: it tells how a
# file system keeps them, not what is in them. Names are quoted, a newline in one cannot forge a line.
listing() {
  local top=$1 prefix=$2 quiet=() path sum
  local -A sums=()
  shift 2
  for path in "$@"; do
    quiet+=(-path "$top/$path" -prune -o)
    # nor the folders it lies in: the overlay copies them up with it
    while [[ $path == [!*]*/* ]]; do
      path=${path%/*}
      quiet+=(-path "$top/$path" -type d -o)
    done
  done
  # one process for all sums; one for each file takes ten times as long
  while IFS= read -r -d '' sum; do sums[${sum:66}]=${sum:0:64}; done < <(
    find "$top" "${quiet[@]}" -type f -print0 | xargs -0 -r sha256sum -z 2>/dev/null
  )
  table "$top" "$prefix" < <(find "$top" "${quiet[@]}" -mindepth 1 -printf '%y %m %U %G %s\0%p\0%l\0') |
    LC_ALL=C sort -b -k 7
}

# A file that went away between the two looks has no sum and says so.
table() {
  local top=$1 prefix=$2 type mode uid gid size path link sum
  while read -r -d '' type mode uid gid size && IFS= read -r -d '' path && IFS= read -r -d '' link; do
    sum=-
    case $type in
      d) size=- ;;
      f) sum=${sums[$path]-gone} ;;
    esac
    printf '%s %4s %5s %5s %10s %-64s %q%s\n' "$type" "$mode" "$uid" "$gid" "$size" "$sum" \
      "$prefix${path#"$top"}" "${link:+ -> ${link@Q}}"
  done
}
