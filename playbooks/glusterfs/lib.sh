# Functions that the scripts of every playbook in this folder find defined. Plain sh, no template: it is put in
# front of each step as it is. They leave their answers in the variables named here. Plain sh has no local variables: a
# counter has a name that nothing it calls, and no playbook, uses (`tries` is left to the playbooks).

# gl WORDS..: asks gluster. Sets `ret`, `err` (opRet, opErrstr) and `xml` (a tag a line, without its `<`). The exit code says nothing: it is 0 for most failures. An answer that is no XML ("Error : Request
# timed out") is a failure with that text. Never fails by itself.
gl() {
  raw=$(gluster --mode=script --xml "$@" 2>&1) || :
  xml=$(printf '%s\n' "$raw" | tr '\n<' ' \n')
  ret=$(field opRet)
  err=$(field opErrstr)
  if [ -z "$ret" ]; then
    ret=-1 err=$raw
  elif [ "$ret" != 0 ] && [ -z "$err" ]; then
    err="gluster gives no reason; see /var/log/glusterfs/glusterd.log"
  fi
}

# fields NAME: the text of every element NAME of the last answer, a line each.
fields() {
  printf '%s\n' "$xml" | sed -n "/^$1>/{s///;$unescape;p;}"
}
unescape="s/&lt;/</g;s/&gt;/>/g;s/&quot;/\"/g;s/&apos;/'/g;s/&amp;/\\&/g"

# field NAME: of the first one.
field() {
  fields "$1" | head -n 1
}

# change WORDS..: as gl, asked again within two minutes while another transaction holds the lock, or a peer that has just
# been booted is not connected again: glusterd takes the old connection for a good one until it uses it, mostly up to
# 20 s, and up to 85 s were seen.
# In all these cases nothing was begun on any node, but by a create, which has marked the own brick before it asks for
# the peer. Prints what gluster says and fails when it says no.
change() {
  give_up=
  while :; do
    gl "$@"
    # From the first refusal: on a connection that is dead, that may take longer than this by itself.
    [ -n "$give_up" ] || give_up=$(($(date +%s) + 120))
    case $err in
      *'nother transaction'*) sleep 0.5 ;;
      'Locking failed on '*) peers_return || break ;;
      'Host '*' not connected'* | 'Pre Validation failed on '*'Host '*' not connected'*) { [ "$2" != create ] && peers_return; } || break ;;
      *) break ;;
    esac
    [ "$(date +%s)" -lt "$give_up" ] || break
  done
  [ "$ret" = 0 ] || {
    printf '%s\n' "$err" >&2
    return 1
  }
}

# all_peers: every peer is in the cluster and connected.
all_peers() {
  gl pool list
  [ "$ret" = 0 ] && [ -z "$(peers away)" ]
}

# peers_return: waits until every peer is connected, at most until `$give_up`. What gluster said before stays said.
peers_return() {
  said=$err back=1
  while [ "$back" != 0 ] && [ "$(date +%s)" -lt "$give_up" ]; do
    sleep 0.5
    all_peers && back=0
  done
  # A transaction that begins before the two have told each other everything leaves that peer out, and no one tells it
  # later.
  [ "$back" != 0 ] || sleep 2
  ret=-1 err=$said
  return "$back"
}

# peers_heard: after a change, waits for a minute at most until every peer is connected, and then for a moment. glusterd
# leaves out a peer that is just being connected again, and that one reads what it has missed when it is.
peers_heard() {
  left_out=0
  until all_peers; do
    left_out=$((left_out + 1))
    [ "$left_out" -lt 120 ] || return 0
    sleep 0.5
  done
  [ "$left_out" = 0 ] || sleep 2
}

# timed_out_but TEST..: a time-out of the last `change` is no failure until the state has been read again: glusterd
# completes work for which it answers "timed out". Succeeds when TEST holds within a minute.
timed_out_but() {
  case $err in
    *'timed out'*) ;;
    *) return 1 ;;
  esac
  rereads=0
  until "$@"; do
    rereads=$((rereads + 1))
    [ "$rereads" -lt 60 ] || return 1
    sleep 1
  done
}

# volume V: reads V; fails where it does not exist or cannot be read.
volume() {
  gl volume info "$1"
  [ "$ret" = 0 ] && [ "$(field name)" = "$1" ]
}

# bricks: of the volume last read, in order, a line each.
bricks() {
  printf '%s\n' "$xml" | awk '/^brick[ >]/ { b = 1 } b && /^name>/ { print substr($0, 6); b = 0 }' | sed "$unescape"
}

# has_bricks V BRICK..: V consists of these bricks, in this order.
has_bricks() {
  volume "$1" || return 1
  shift
  [ "$(bricks)" = "$(printf '%s\n' "$@")" ]
}

# has_options V KEY VALUE ..: V has each of these options set.
has_options() {
  volume "$1" || return 1
  shift
  holds_options "$@"
}

# lacks_options V KEY ..: V has none of these options set.
lacks_options() {
  [ "$#" -gt 1 ] || return 0
  volume "$1" || return 1
  shift
  options=$(options_now | cut -d ' ' -f 1)
  for key in "$@"; do
    if printf '%s\n' "$options" | grep -Fqx -e "$key"; then return 1; fi
  done
}

# options_now: KEY VALUE, a line each, of the volume last read.
options_now() {
  printf '%s\n' "$xml" | awk '
    /^option>/ { o = 1 }
    o && /^name>/ { key = substr($0, 6) }
    o && /^value>/ { print key " " substr($0, 7); o = 0 }' | sed "$unescape"
}

# holds_options KEY VALUE ..: as has_options, of the volume last read.
holds_options() {
  options=$(options_now)
  while [ "$#" -gt 1 ]; do
    printf '%s\n' "$options" | grep -Fqx -e "$1 $2" || return 1
    shift 2
  done
}

# stored V [LINE]: glusterd has written the volume down, with this line in its `info`. Not asked: that takes 0.1 s of
# CPU, and a volume that is not on its disk is none.
stored() {
  info=/var/lib/glusterd/vols/$1/info
  if [ "$#" = 1 ]; then [ -s "$info" ]; else grep -q -s -F -x -e "$2" "$info"; fi
}

# has_heard_of V VERSION BRICKS: glusterd has stored that version of the volume, or a later one, with so many bricks. Sets
# `heard` and `count` to what it has.
has_heard_of() {
  info=/var/lib/glusterd/vols/$1/info
  heard=$(sed -n 's/^version=//p' "$info" 2>/dev/null)
  count=$(sed -n 's/^count=//p' "$info" 2>/dev/null)
  [ "${heard:-0}" -ge "$2" ] && [ "${count:-0}" -ge "$3" ]
}

# started V
started() {
  volume "$1" && [ "$(field status)" = 1 ]
}

# peers WHICH: the others in the pool list last read, `ready` (in the cluster and connected) or `away`, a line each.
peers() {
  printf '%s\n' "$xml" | awk -v which="$1" '
    /^peer>/ { name = ""; c = s = 0 }
    /^hostname>/ && name == "" { name = substr($0, 10) }
    /^connected>1/ { c = 1 }
    /^state>3/ { s = 1 }
    /^\/peer>/ && name != "localhost" { if ((c && s) == (which == "ready")) print name }'
}

# mounted_at DIR: what is mounted there, as `TYPE SOURCE`; nothing when it is no mount point.
mounted_at() {
  findmnt -n -o FSTYPE,SOURCE -M "$1" | tail -n 1 | tr -s ' '
}

# own_uuid: glusterd's, without asking it (asking would create one).
own_uuid() {
  sed -n 's/^UUID=//p' /var/lib/glusterd/glusterd.info 2>/dev/null || :
}

# stored_peer NAME: glusterd has written down a peer of that name. Not asked: that takes 0.1 s of CPU.
stored_peer() {
  cat /var/lib/glusterd/peers/* 2>/dev/null | grep -q -x -F -e "hostname1=$1" -e "hostname2=$1" -e "hostname3=$1"
}

# stores_nothing: glusterd has neither peers nor volumes on its disk.
stores_nothing() {
  for entry in /var/lib/glusterd/peers/* /var/lib/glusterd/vols/*; do
    [ ! -e "$entry" ] || return 1
  done
}

# say_no TEXT: ends the script with a reason.
say_no() {
  printf '%s\n' "$*" >&2
  exit 1
}

# is_volume_at V DIR: the volume V is what is mounted at DIR.
is_volume_at() {
  case $(mounted_at "$2") in
    "fuse.glusterfs "*":/$1" | "fuse.glusterfs "*":$1") ;;
    *) return 1 ;;
  esac
}

# in_volume DIR: goes into the FUSE mount at DIR; fails where DIR is only a folder. Once inside, what is written
# cannot fall through to the local disk when the mount goes away.
in_volume() {
  case $(mounted_at "$1") in
    "fuse.glusterfs "*) ;;
    *) return 1 ;;
  esac
  # 65735546 is FUSE.
  cd "$1" && [ "$(stat -f -c %t .)" = 65735546 ]
}

# hears DIR: the mount at DIR has a connection to a glusterd, which tells it when the volume changes.
hears() {
  pid=$(ps -C glusterfs -o pid=,args= | at=$1 awk '$NF == ENVIRON["at"] { print $1; exit }')
  [ -n "$pid" ] || return 0
  ss -Htnp state established '( dport = :24007 )' | grep -q "pid=$pid,"
}

# bricks_run V: every brick of V on this node has its process. `down` names the one that has not.
bricks_run() {
  volume "$1" || return 1
  down=
  for down in $(local_bricks); do
    pid=$(cat "/var/run/gluster/vols/$1/$(printf '%s' "$down" | sed 's|:/|-|; s|/|-|g').pid" 2>/dev/null) || return 1
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = glusterfsd ] || return 1
  done
}

# zeros DEVICE: it reads as zeros at both ends and in 62 places between. The look that made the plan has seen the same.
zeros() {
  size=$(blockdev --getsize64 "$1") || return 1
  place=0
  while [ "$place" -lt 64 ]; do
    dd if="$1" bs=65536 skip=$(((size / 65536 - 16) * place / 63)) count=16 2>/dev/null || echo unread
    place=$((place + 1))
  done | tr -d '\0' | head -c 1 | {
    ! grep -q ''
  }
}

# is_brick_disk DEVICE: its file system was made for a brick.
is_brick_disk() {
  [ "$(blkid -p -s TYPE -o value "$1") $(blkid -p -s LABEL -o value "$1")" = 'xfs glusterbrick' ]
}

# brick_disk_line DEVICE DIR: its line in /etc/fstab. By UUID: the kernel names disks as it finds them. With `nofail` a disk that is
# gone does not stop the boot; glusterd waits for it all the same, and its brick is a folder below that is not there without it.
brick_disk_line() {
  id=$(blkid -p -s UUID -o value "$1") && [ -n "$id" ] &&
    echo "UUID=$id $2 xfs noatime,inode64,nofail,x-systemd.before=glusterd.service 0 0"
}

# has_fstab_line DIR LINE: /etc/fstab mounts DIR by that line, and no other.
has_fstab_line() {
  [ -n "$2" ] && point=$1 line=$2 awk '
    BEGIN { point = ENVIRON["point"]; gsub(/ /, "\\040", point) }
    $1 !~ /^#/ && $2 == point { n++; if ($0 == ENVIRON["line"]) same++ }
    END { exit !(n == 1 && same == 1) }' /etc/fstab
}

# put_fstab_line DIR LINE: in place of those that mount something at DIR.
put_fstab_line() {
  [ -n "$2" ] || say_no "no line for $1"
  rewrite_fstab "$1" "" "$2"
}

# lacks_fstab_line DIR TYPE: no line mounts a TYPE at DIR.
lacks_fstab_line() {
  point=$1 type=$2 awk '
    BEGIN { point = ENVIRON["point"]; gsub(/ /, "\\040", point) }
    $1 !~ /^#/ && $2 == point && $3 == ENVIRON["type"] { n++ }
    END { exit n > 0 }' /etc/fstab
}

# drop_fstab_line DIR TYPE: takes the lines away that mount a TYPE at DIR.
drop_fstab_line() {
  rewrite_fstab "$1" "$2" ""
}

# rewrite_fstab DIR TYPE LINE: LINE, or nothing, in place of those that mount a TYPE, or anything, at DIR. All other lines stay as
# they are. A new file takes the place of the old one, with its mode and owner.
rewrite_fstab() {
  fstab=$(readlink -f /etc/fstab)
  new=$fstab.bricklayer.$$
  trap 'rm -f "$new"' EXIT
  [ -e "$fstab" ] || : >"$fstab"
  cp -a "$fstab" "$new"
  point=$1 type=$2 line=$3 awk '
    BEGIN { point = ENVIRON["point"]; gsub(/ /, "\\040", point); type = ENVIRON["type"] }
    function put() { if (!done && ENVIRON["line"] != "") print ENVIRON["line"]; done = 1 }
    $1 !~ /^#/ && $2 == point && (type == "" || $3 == type) { put(); next }
    { print }
    END { put() }' "$fstab" >"$new"
  sync "$new"
  mv -f "$new" "$fstab"
}

# is_masked: nothing can start glusterd before the next boot.
is_masked() {
  case $(systemctl show -p UnitFileState --value glusterd) in
    masked*) ;;
    *) return 1 ;;
  esac
}

# for_own_volumes TEST..: TEST.. V holds for every started volume that has a brick on this node. Where gluster does not say which
# there are, that is not none.
for_own_volumes() {
  every=$(gluster --mode=script volume list 2>/dev/null) || {
    err="gluster does not say which volumes there are"
    echo "$err" >&2
    return 1
  }
  for own in $every; do
    volume "$own" || return 1
    if [ "$(field status)" = 1 ] && [ -n "$(local_bricks)" ]; then "$@" "$own" || return 1; fi
  done
}

# all_copies_healed V: for a wait, once: as all_healed, where there are copies.
all_copies_healed() {
  volume "$1" || say_no "$err"
  [ "$(field replicaCount)" -gt 1 ] || return 0
  all_healed "$1"
}

# others_are_well V: right before the bricks of this node go: all bricks are connected, have everything, and none is being
# filled or emptied.
others_are_well() {
  volume "$1" || say_no "$err"
  [ "$(field replicaCount)" -gt 1 ] || say_no "the only copy of what is in $1 is here"
  sets=$(($(field brickCount) / $(field replicaCount)))
  bricks_connected "$1" || say_no "not connected:" "$(bricks_away)"
  left_to_heal || say_no "a brick of $1 does not say what it has to heal"
  [ "$left" = 0 ] || say_no "$left entries of $1 are to be healed"
  [ "$sets" = 1 ] || ! rebalance_runs "$1" || say_no "files of $1 are being moved: bricklayer rebalance"
}

# old_marks V: what files of V's bricks on this node have noted of copies that are none any more, as `MARK FILE`, a line each.
old_marks() {
  volume "$1" || say_no "$err"
  copies=$(cat /var/lib/glusterd/vols/"$1"/bricks/* | sed -n 's/^brick-id=//p')
  [ -n "$copies" ] || say_no "glusterd has not stored which bricks $1 has"
  for brick in $(local_bricks); do
    found=$(getfattr -R -P -h --absolute-names -d -e hex -m "^trusted\\.afr\\.$1-client-[0-9]*\$" -- "/${brick#*:/}")
    printf '%s\n' "$copies" '' "$found" | awk '
      !now && /^$/ { now = 1; next }
      !now { known["trusted.afr." $0] = 1; next }
      /^# file: / { file = substr($0, 9) }
      /^trusted\.afr\./ {
        at = index($0, "=")
        mark = substr($0, 1, at - 1)
        if (!(mark in known) && substr($0, at + 1) !~ /^0x0*$/) print mark " " file
      }'
  done
}

# rebalance_status: of the last `volume rebalance V status`, over all nodes: 1 runs, 2 was stopped, 3 has ended, 4 has failed, 5
# fixes layouts, 7 has fixed them.
rebalance_status() {
  printf '%s\n' "$xml" | awk '/^aggregate>/ { a = 1 } a && /^status>/ { print substr($0, 8); exit }'
}

# moves V REPLICA BRICK..: the data of these bricks is being moved off them, or has been. Leaves the answer to be read.
moves() {
  from=$1 copies=$2
  shift 2
  if [ "$copies" -gt 1 ]; then
    gl volume remove-brick "$from" replica "$copies" "$@" status
  else
    gl volume remove-brick "$from" "$@" status
  fi
  [ "$ret" = 0 ] && [ -n "$(rebalance_status)" ] && [ "$(rebalance_status)" != 0 ]
}

# moved_badly: what was last read of moving data off bricks has ended, and not everything is moved.
moved_badly() {
  [ "$(rebalance_status)" != 1 ] || return 1
  ! ( all_moved ) 2>/dev/null
}

# all_moved: for a wait, once, of the answer that was last read. Ends with 99 where something was not moved, and will not be.
all_moved() {
  sums=$(printf '%s\n' "$xml" | awk '
    /^aggregate>/ { a = 1 }
    a && /^files>/ { files = substr($0, 7) }
    a && /^failures>/ { failures = substr($0, 10) }
    a && /^skipped>/ { skipped = substr($0, 9) }
    END { print files " moved, " failures " failed, " skipped " skipped" }')
  case $(rebalance_status) in
    1) say_no "$sums" ;;
    3) ;;
    *)
      echo "it was stopped, or has failed: $sums" >&2
      exit 99
      ;;
  esac
  case $sums in
    *' moved, 0 failed, 0 skipped') ;;
    *)
      echo "not everything could be moved: $sums" >&2
      exit 99
      ;;
  esac
}

# bricks_gone BRICK..: none of them is in the volume last read.
bricks_gone() {
  for brick in "$@"; do
    if bricks | grep -Fqx -e "$brick"; then return 1; fi
  done
}

# rebalance_runs V
rebalance_runs() {
  gl volume rebalance "$1" status
  case $(rebalance_status) in
    1 | 5) ;;
    *) return 1 ;;
  esac
}

# all_spread V: for a wait, once: the rebalance of V has ended on every node. Ends with 99 where it has failed, or has left
# files where they were because of an error. What it skips is right where it is: the other set has less room.
all_spread() {
  gl volume rebalance "$1" status
  [ "$ret" = 0 ] || say_no "$err"
  # Node by node: what is said of all of them is what one of them says.
  sums=$(printf '%s\n' "$xml" | awk '
    /^aggregate>/ { exit }
    /^files>/ { files += substr($0, 7) }
    /^size>/ { size += substr($0, 6) }
    /^lookups>/ { looks += substr($0, 9) }
    /^failures>/ { failures += substr($0, 10) }
    /^skipped>/ { skipped += substr($0, 9) }
    /^status>/ {
      at = substr($0, 8)
      if (at == 1 || at == 5) runs = 1
      if (at == 2) stopped = 1
      if (at == 4) failed = 1
    }
    END {
      if (failed) state = "failed"; else if (stopped) state = "stopped"; else if (runs) state = "runs"; else state = "ended"
      printf "%s: %d moved (%d MiB), %d looked at, %d failed, %d skipped\n", state, files, size / 1048576, looks, failures, skipped
    }')
  case $sums in
    runs:*) say_no "${sums#runs: }" ;;
    ended:*', 0 failed, '*) ;;
    *)
      echo "it has $sums" >&2
      exit 99
      ;;
  esac
}

# bricks_away: bricks that are not connected, of the last `volume heal V info`, a line each.
bricks_away() {
  printf '%s\n' "$xml" | awk '
    /^brick[ >]/ { name = "" }
    /^name>/ { name = substr($0, 6) }
    /^status>/ && $0 != "status>Connected" { print name }'
}

# bricks_connected V: all of them are.
bricks_connected() {
  gl volume heal "$1" info
  [ "$ret" = 0 ] && [ -z "$(bricks_away)" ]
}

# split_brain V: what is in split-brain, a line each. Fails where that is not known.
split_brain() {
  gl volume heal "$1" info split-brain
  [ "$ret" = 0 ] || return 1
  printf '%s\n' "$xml" | sed -n '/^file[ >]/s/^[^>]*>//p' | sed "$unescape" | sort -u
}

# split_brain_ids V: the identities of what is in split-brain, a line each. Fails where that is not known.
split_brain_ids() {
  split_brain "$1" >/dev/null || return 1
  printf '%s\n' "$xml" | sed -n 's/^file gfid="\([^"]*\)".*/\1/p' | sort -u
}

# all_healed V: for a wait, once: no brick of V has anything to heal. Ends with 99 where waiting is no use.
all_healed() {
  # Twice in a row: right after an add-brick there may be a moment in which nothing is queued yet.
  for look in 1 2; do
    [ "$look" = 1 ] || sleep 1
    gl volume heal "$1" info
    [ "$ret" = 0 ] || say_no "$err"
    [ -z "$(bricks_away)" ] || bricks_return "$1"
    left_to_heal || say_no "a brick does not say what it has to heal"
    [ "$left" -gt 0 ] || continue
    heal_on "$1" "$left"
    is_decided "$1"
    say_no "$left entries left"
  done
}

# left_to_heal: in `left`, the entries of all bricks in the last `volume heal V info`. Fails where a brick does not say: "-" is
# not known, which is not 0.
left_to_heal() {
  left=0
  for count in $(fields numberOfEntries); do
    case $count in
      '' | *[!0-9]*) return 1 ;;
    esac
    left=$((left + count))
  done
}

# heal_on V LEFT: where that many entries stay for some seconds, has the daemons look for work; by themselves they do every
# ten minutes. Not towards a node that has fallen silent: gluster then waits ten minutes for it, and keeps the volume's lock
# for as long (seen on 10.3).
heal_on() {
  for _ in 1 2 3 4 5; do
    sleep 1
    gl volume heal "$1" info
    { [ "$ret" = 0 ] && left_to_heal && [ "$left" -eq "$2" ]; } || return 0
  done
  if all_answer; then timeout 30 gluster --mode=script volume heal "$1" >/dev/null 2>&1 || :; fi
}

# all_answer: of every peer that glusterd takes for connected, the port of its glusterd answers now. It takes minutes to see
# that one is gone, and waits for it until then; for one that it knows to be gone it does not.
all_answer() {
  gl pool list
  [ "$ret" = 0 ] || return 1
  for peer in $(peers ready); do
    # shellcheck disable=SC2016 # bash expands it
    timeout 2 bash -c 'exec 3<>"/dev/tcp/$0/24007"' "$peer" 2>/dev/null || return 1
  done
}

# agree V BRICK..: for a wait, once: these bricks of V, which stay, are connected and list the same to heal. What each of them
# misses is missed by the others in the same way: it is what the one misses that is gone for good. The lists are read one after
# the other: what a client writes meanwhile is on some of them only, and on all at the next look.
agree() {
  disagreements "$@"
  was=$odd
  [ -n "$was" ] || return 0
  sleep 1
  disagreements "$@"
  odd=$(printf '%s\n' "$was" '' "$odd" | awk '
    !now && /^$/ { now = 1; next }
    !now { before[$0]; next }
    $0 != "" && $0 in before && ++count < 4
    END { if (count > 3) print "and " count - 3 " more" }')
  [ -z "$odd" ] || say_no "$odd"
}

# disagreements V BRICK..: in `odd`, a line for each brick of these that is not connected, and for each entry that only some list.
disagreements() {
  gl volume heal "$1" info
  [ "$ret" = 0 ] || say_no "$err"
  shift
  odd=$(printf '%s\n' "$@" '' "$xml" | awk '
    !now && /^$/ { now = 1; next }
    !now { stays[$0] = 1; n++; next }
    /^brick[ >]/ { name = "" }
    /^name>/ && name == "" { name = substr($0, 6); seen += name in stays }
    /^file[ >]/ && name in stays { split($0, quoted, "\""); lists[quoted[2]]++ }
    /^status>/ && name in stays && $0 != "status>Connected" { print name " is not connected" }
    END {
      if (seen < n) print "only " seen + 0 " of " n " bricks answer"
      for (file in lists) if (lists[file] != n) print "only some copies list " file
    }')
}

# bricks_return V: waits for bricks that are away. A node that is booted again is back within a minute; without it
# there is nothing to wait for.
bricks_return() {
  away=$(bricks_away)
  echo "not connected:" "$away"
  seconds=0
  until bricks_connected "$1"; do
    seconds=$((seconds + 5))
    [ "$seconds" -lt 180 ] || { echo "still not connected:" "$away" >&2; exit 99; }
    sleep 5
  done
  exit 1
}

# is_decided V: ends with 99 where something is in split-brain. What is just being healed may look so for a moment.
is_decided() {
  seconds=0
  while split=$(split_brain "$1") && [ -n "$split" ]; do
    seconds=$((seconds + 2))
    [ "$seconds" -ge 20 ] || { sleep 2; continue; }
    printf '%s\n' "$split" | head -n 5 >&2
    printf 'in split-brain, so no heal can decide: %s entries; bricklayer heal shows them copy by copy\n' \
      "$(printf '%s\n' "$split" | wc -l)" >&2
    exit 99
  done
}

# clients V: in `clients`, each connection of a client to a brick of V, as `BRICK HOST`, a line each.
clients() {
  change volume status "$1" clients || return 1
  clients=$(printf '%s\n' "$xml" | awk '
    /^node>/ { name = path = ""; c = 0 }
    /^client>/ { c = 1 }
    /^hostname>/ {
      value = substr($0, 10)
      if (c) { sub(/:[0-9]+$/, "", value); print name ":" path " " value } else name = value
      c = 0
    }
    /^path>/ { path = substr($0, 6) }' | sed "$unescape")
}

# clients_switched V BEFORE BRICK..: of every host, as many clients are on the new BRICK.. as were on the others
# before and still are, so none writes to the old ones only. Who is gone is not waited for: it may have been gone
# before, since a brick keeps the connections of a host that lost its power. Not the counts of now alone are
# compared: a client keeps its connections to the old bricks for a minute after it has switched.
clients_switched() {
  clients "$1" || return 1
  before=$2
  shift 2
  for brick in "$@"; do
    printf '%s\n' "$before" '' "$clients" | brick=$brick awk '
      BEGIN { brick = ENVIRON["brick"] }
      /^$/ { now = 1; next }
      !now { before[$1 " " $2]++; next }
      $1 == brick { has[$2]++; next }
      ++still[$1 " " $2] <= before[$1 " " $2] && still[$1 " " $2] > want[$2] { want[$2] = still[$1 " " $2] }
      END { for (host in want) if (has[host] < want[host]) exit 1 }' || return 1
  done
}

# look_again V SECONDS BEFORE BRICK..: has every name looked up through a mount that has changed since then on the bricks of
# V on this node, BRICK.. (the new ones) left out. While an add-brick raises the number of copies, the self-heal daemon may
# list a folder before the clients have heard of the new bricks; what they write in between is on the old bricks
# only, and no heal knows of it. A look-up creates it on the others and queues its heal; on an arbiter it does so only where the
# client asks for no quorum, since the two copies are one (seen on 10.3).
look_again() {
  volume=$1 since=$2 had=$3
  shift 3
  waited=0
  until clients_switched "$volume" "$had" "$@"; do
    # A peer that has gone silent blocks this question for two minutes: once is enough.
    case $err in *'timed out'*) break ;; esac
    waited=$((waited + 1))
    [ "$waited" -lt 60 ] || break
    sleep 0.5
  done
  volume "$volume" || return 1
  old=$(local_bricks | grep -Fvx "$(printf '%s\n' "$@")") || return 0
  dir=$(mktemp -d)
  mounts=0
  until mount -t glusterfs -o 'xlator-option=*replicate*.quorum-type=none' "localhost:/$volume" "$dir"; do
    mounts=$((mounts + 1))
    [ "$mounts" -lt 5 ] ||
      say_no "the bricks are in, but what was written meanwhile could not be looked up: run \`find . -exec stat {} +\` in a mount"
    sleep 2
  done
  printf '%s\n' "$old" | while IFS= read -r brick; do
    (cd "${brick#*:}" && find . -name '.glusterfs*' -prune -o -newerct "@$since" -print0) |
      (cd "$dir" && xargs -0 -r stat -c '' -- >/dev/null 2>&1) || :
  done
  umount -l "$dir" && rmdir "$dir"
  if all_answer; then timeout 30 gluster --mode=script volume heal "$volume" >/dev/null 2>&1 || :; fi
}

# local_bricks: the bricks on this node of the volume last read, a line each.
local_bricks() {
  printf '%s\n' "$xml" | awk -v uuid="$(own_uuid)" '
    /^brick[ >]/ { name = "" }
    /^name>/ { name = substr($0, 6) }
    /^hostUuid>/ && substr($0, 10) == uuid { print name }' | sed "$unescape"
}

# firewalld_rules PEER..: what firewalld must have, as `ZONE RULE`, a line each. The zone is that of the interface
# that leads to the peer, or the default one.
firewalld_rules() {
  dev=none zone=
  for peer in "$@"; do
    family=ipv4
    case $peer in *:*) family=ipv6 ;; esac
    last=$dev
    dev=$(ip -o route get "$peer" 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p')
    if [ "$dev" != "$last" ]; then
      zone=$(firewall-cmd --get-zone-of-interface="$dev" 2>/dev/null) || zone=$(firewall-cmd --get-default-zone)
    fi
    for port in 24007 49152-60999; do
      rule="rule family=\"$family\" source address=\"$peer\" port port=\"$port\" protocol=\"tcp\" accept"
      printf '%s %s\n' "$zone" "$rule"
    done
  done
}

# firewalld_has PEER..: all of them hold now and will hold after a reload. Names the first that does not.
firewalld_has() {
  rules=$(firewalld_rules "$@")
  for zone in $(printf '%s\n' "$rules" | cut -d ' ' -f 1 | sort -u); do
    for lasting in '' --permanent; do
      # shellcheck disable=SC2086 # no word, or one
      have=$(firewall-cmd $lasting --zone="$zone" --list-rich-rules)
      lacks=$(printf '%s\n' "$rules" | sed -n "s/^$zone //p" | grep -Fvx "${have:-none}" | head -n 1)
      [ -z "$lacks" ] || say_no "zone $zone${lasting:+, lasting rules,} has no $lacks"
    done
  done
}

# firewalld_allow PEER..: adds them, for now and to last. No reload: it would throw away what others have set for now.
firewalld_allow() {
  rules=$(firewalld_rules "$@")
  for zone in $(printf '%s\n' "$rules" | cut -d ' ' -f 1 | sort -u); do
    set --
    while IFS= read -r rule; do
      set -- "$@" "--add-rich-rule=$rule"
    done <<END
$(printf '%s\n' "$rules" | sed -n "s/^$zone //p")
END
    firewall-cmd -q --zone="$zone" "$@"
    firewall-cmd -q --permanent --zone="$zone" "$@"
  done
}

# apt_install PACKAGES..: installs them. Whoever holds the lists, as a new machine's own upgrade does for minutes, is waited
# for; apt itself waits only for the lock of dpkg.
apt_install() {
  # NEEDRESTART_MODE: Ubuntu's needrestart lists what it would restart, and restarts nothing.
  export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
  if ! apt-cache policy "$1" | grep -q 'Candidate: [0-9]'; then apt_update; fi
  if ! apt_quietly --no-install-recommends install "$@"; then
    # What an interrupted installation left half done; not before apt has waited for one that still runs.
    if [ -n "$(dpkg --audit)" ]; then dpkg --configure -a --force-confdef --force-confold; fi
    # Lists may be older than the archive: a package that is gone there asks for new ones.
    apt_update
    apt_quietly --no-install-recommends install "$@"
  fi
}

apt_quietly() {
  apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

apt_update() {
  updates=0
  until said=$(LC_ALL=C apt_quietly update 2>&1); do
    printf '%s\n' "$said" >&2
    case $said in *'Could not get lock'*) ;; *) return 1 ;; esac
    updates=$((updates + 1))
    [ "$updates" -lt 60 ] || return 1
    sleep 5
  done
}

# server_version FAMILY: of the installed package.
server_version() {
  # shellcheck disable=SC2016 # dpkg-query expands it
  case $1 in
    debian) dpkg-query -W -f='${Version}' glusterfs-server ;;
    *) rpm -q --qf '%{VERSION}-%{RELEASE}' glusterfs-server ;;
  esac
}

# dnf_install PACKAGES..: installs them. RHEL has no server package; CentOS Stream and its kin have the Storage SIG's in a
# repository of its own.
dnf_install() {
  dnf_knows "$1" || for release in centos-release-gluster11 centos-release-gluster10; do
    if dnf_knows "$release"; then dnf -y install "$release" && break; fi
  done
  dnf_knows "$1" || say_no "no repository of this node has the package $1"
  dnf -y install "$@"
}

dnf_knows() {
  dnf -q list "$1" >/dev/null 2>&1
}

# labelled DIR: it has the type that SELinux wants of a brick; where SELinux is off, anything will do.
labelled() {
  command -v selinuxenabled >/dev/null && selinuxenabled || return 0
  has=$(stat -c %C -- "$1")
  case $has in
    *:glusterd_brick_t:*) ;;
    *) say_no "$1 has the label $has" ;;
  esac
}

# label DIR: gives it that type, where it can by a rule that outlives a relabelling of the system.
label() {
  if (labelled "$1") 2>/dev/null; then return; fi
  if command -v semanage >/dev/null; then
    rule="$(printf '%s' "$1" | sed 's/[.+]/\\&/g')(/.*)?"
    semanage fcontext -a -t glusterd_brick_t "$rule" 2>/dev/null || semanage fcontext -m -t glusterd_brick_t "$rule"
    restorecon -R -- "$1"
  else
    echo "there is no semanage (policycoreutils-python-utils): the label lasts until the system is relabelled"
    chcon -t glusterd_brick_t -- "$1"
  fi
}
