//! Where the brick is, and on what.

use crate::facts::Section;
use crate::model::shell::quote;
use crate::services::glusterfs::spec::Spec;

pub(super) fn brick(path: &str, volume: &str) -> Section {
    Section::new("glusterfs.brick", format!("b={} v={}\n{BRICK}", quote(path), quote(volume)))
}

// `trusted.*` needs root and getfattr (package attr). The nearest folder that exists tells the file system.
const BRICK: &str = r#"if [ -d "$b" ]; then echo 'dir yes'; elif [ -e "$b" ]; then echo 'other yes'; fi
a=$b
while [ ! -d "$a/" ]; do a=${a%/*}; done
[ "$(stat -c %d "$a/")" = "$(stat -c %d /)" ] && echo 'root yes'
if [ -d "$b" ]; then
  mountpoint -q "$b" && echo 'mountpoint yes'
  find "$b" -mindepth 1 -maxdepth 1 ! -name .glusterfs ! -name '.glusterfs-anonymous-inode-*' -printf 'entry %f\n' | head -n 5
  if [ -d "$b/.glusterfs" ]; then
    echo 'glusterfs yes'
    find "$b/.glusterfs" -type f -size +0 ! -name health_check ! -name anonymous-inode ! -path '*/indices/*' ! -name '*.db*' \
      -print 2>/dev/null | head -n 1 | sed 's/.*/data yes/'
  fi
fi
if command -v getfattr >/dev/null; then
  # The last half is the range of hashes whose files belong here: none. glusterd forgets its last rebalance at an add-brick.
  grep -qsx status=0 "/var/lib/glusterd/vols/$v/node_state.info" &&
    find "$b" -mindepth 1 -maxdepth 1 -type d ! -name '.*' -exec getfattr -e hex -n trusted.glusterfs.dht {} + 2>/dev/null |
    grep -qx 'trusted\.glusterfs\.dht=0x................0000000000000000' && echo 'unspread yes'
  set --
  while [ -n "$a" ]; do set -- "$@" "$a"; a=${a%/*}; done
  [ $# = 0 ] || getfattr --absolute-names -e hex -n trusted.glusterfs.volume-id -- "$@" 2>/dev/null |
    awk 'sub(/^# file: /, "") { at = $0 } sub(/^trusted\.glusterfs\.volume-id=0x/, "") { print "id " $0 " " at }'
else
  echo 'blind yes'
fi
true"#;

pub(super) fn brick_disk(spec: &Spec, device: &str) -> Section {
    let (parent, brick) = (quote(spec.brick_parent()), quote(&spec.brick_path));
    Section::new("glusterfs.brick_disk", format!("d={} p={parent} b={brick}\n{BRICK_DISK}", quote(device)))
}

// Blank is what has no signature that blkid knows, no part and no user, and zeros at both ends and in 62 places between: data
// without a signature, as of a database or under encryption, is no empty disk. `lib.sh` looks at the zeros again.
const BRICK_DISK: &str = r#"r=$(readlink -f -- "$d")
if [ ! -e "$r" ]; then echo 'fault is not there'; elif [ ! -b "$r" ]; then echo 'fault is no disk'; fi
findmnt -n -r -M "$p" -o SOURCE | sed 's/^/above /'
awk -v p="$p" '!/^[ \t]*#/ && $2 == p { print "fstab " $1 }' /etc/fstab
mountpoint -q "$p" || find "$p" -mindepth 1 -maxdepth 1 ! \( -path "$b" -type d -empty \) -printf 'hides %f\n' 2>/dev/null | head -n 5
[ -b "$r" ] || { echo 'asked yes'; exit 0; }
size=$(blockdev --getsize64 "$r")
n=$(mountpoint -x "$r")
echo "size $size"
if mountpoint -q "$p" && [ "$(mountpoint -d "$p")" = "$n" ]; then echo 'here yes'; echo 'asked yes'; exit 0; fi
[ "$(cat "/sys/dev/block/$n/ro")" = 0 ] || echo 'fault is read-only'
findmnt -n -r -o TARGET,MAJ:MIN | awk -v n="$n" '$2 == n { print "holds what is mounted at " $1 }'
tail -n +2 /proc/swaps | while read -r s _; do [ "$(readlink -f -- "$s")" != "$r" ] || echo 'holds swap'; done
for part in "/sys/dev/block/$n/"*/partition; do
  [ -e "$part" ] || continue
  part=${part%/partition}; echo "holds the partition ${part##*/}"
done
for user in "/sys/dev/block/$n/holders/"*; do [ ! -e "$user" ] || echo "holds ${user##*/}, which uses it"; done
said=$(blkid -p -o export "$r" 2>/dev/null)
code=$?
type=$(printf '%s\n' "$said" | sed -n 's/^TYPE=//p')
if [ "$type" = xfs ] && printf '%s\n' "$said" | grep -qx LABEL=glusterbrick; then echo 'ours yes'
elif [ -n "$type" ]; then echo "holds $type $(printf '%s\n' "$said" | sed -n 's/^LABEL=/named /p')"
elif [ "$code" != 2 ]; then echo "holds $(printf '%s\n' "$said" | sed -n 's/^PTTYPE=\(.*\)/a partition table (\1)/p' | grep . || echo 'several signatures')"
else
  i=0
  while [ "$i" -lt 64 ]; do
    dd if="$r" bs=65536 skip=$(((size / 65536 - 16) * i / 63)) count=16 2>/dev/null || echo unread
    i=$((i + 1))
  done | tr -d '\0' | head -c 1 | grep -q '' && echo 'holds data without a signature'
fi
echo 'asked yes'"#;

/// How full the file system of the brick is.
pub fn disk_section(path: &str) -> Section {
    Section::new("glusterfs.disk", format!("a={}\n{DISK}", quote(path)))
}

const DISK: &str = r#"while [ ! -d "$a/" ]; do a=${a%/*}; done
timeout 5 df --output=pcent,ipcent,avail -B1 -- "$a/" | tail -n 1"#;
