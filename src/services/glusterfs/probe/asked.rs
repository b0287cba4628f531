//! What only some looks ask, since it costs a node more.

use crate::facts::Section;
use crate::model::shell::quote;
use crate::services::glusterfs::probe::sections::{CLI, GUARD};

/// Heal counts, and what is in split-brain, which is only asked where something is to be healed. Of few nodes: each of the two
/// commands is a client of the volume and costs 0.4 s.
pub fn heal_section(volume: &str) -> Section {
    Section::new("glusterfs.heal", format!("{GUARD}\nv={}\n{HEAL}", quote(volume)))
}

const HEAL: &str = r#"gluster="timeout 20 gluster --mode=script --xml volume heal"
said=$($gluster "$v" info)
printf '%s\n' "$said"
case $said in
  *'<numberOfEntries>'[1-9]*) $gluster "$v" info split-brain ;;
esac"#;

/// How far a rebalance is. Not asked while a peer does not answer: glusterd would wait for it and keep the lock (fact 9.4).
pub fn rebalance_section(volume: &str) -> Section {
    Section::new(
        "glusterfs.rebalance",
        format!("{GUARD}\n{ALL_ANSWER}\n{CLI} volume rebalance {} status", quote(volume)),
    )
}

const ALL_ANSWER: &str = r#"for h in $(sed -n 's/^hostname1=//p' /var/lib/glusterd/peers/* 2>/dev/null); do
  timeout 2 bash -c 'exec 3<>"/dev/tcp/$0/24007"' "$h" 2>/dev/null || { echo "$h does not answer on port 24007" >&2; exit 1; }
done"#;

/// How the copies look of what the bricks of this node have noted as to be healed. Asks nobody.
pub fn index_section(volume: &str) -> Section {
    Section::new("glusterfs.index", format!("v={}\n{INDEX}", quote(volume)))
}

// An index entry is a file's gfid; `.glusterfs/xx/yy/GFID` is a second name of a file, and a symbolic link to a folder, by
// way of its parents. At most 2,000 of a brick.
const INDEX: &str = r#"own=$(sed -n 's/^UUID=//p' /var/lib/glusterd/glusterd.info 2>/dev/null)
command -v getfattr >/dev/null || exit 0
for f in /var/lib/glusterd/vols/"$v"/bricks/*; do
  grep -qsx "uuid=$own" "$f" || continue
  b=$(sed -n 's/^path=//p' "$f")
  cd "$b/.glusterfs" || continue
  echo "brick $b"
  sed -n 's/^brick-id=/id /p' "$f"
  set --
  for g in $(ls indices/xattrop | grep -E '^[0-9a-f]{8}-' | head -n 2001); do
    [ $# -lt 2000 ] || { echo more; break; }
    a=${g#??}
    set -- "$@" "${g%"$a"}/${a%"${a#??}"}/$g"
  done
  [ $# -gt 0 ] || continue
  TZ=UTC0 stat -L -c 'copy %n|%F|%s|%.9Y|%y|%a %U:%G' -- "$@" 2>/dev/null
  getfattr -e hex -d -m '^trusted\.(afr\.|gfid2path\.)' -- "$@" 2>/dev/null
  {
    for g in "$@"; do [ ! -d "$g" ] || echo "${g##*/}"; done
    # PARENT/NAME; the parent's gfid is plain text whatever the name is.
    getfattr -e text -d -m '^trusted\.gfid2path\.' -- "$@" 2>/dev/null |
      sed -n 's/^trusted\.gfid2path\.[^=]*="\(.\{36\}\).*/\1/p'
  } | sort -u | while read -r g; do
    a=${g#??}
    p=$(readlink -f "${g%"$a"}/${a%"${a#??}"}/$g") && [ -d "$p" ] || continue
    p=${p#"$b"}
    echo "folder $g ${p:-/}"
  done
done
true"#;

/// Signs of trouble that no other question shows.
pub fn checkup_section(path: &str) -> Section {
    Section::new("glusterfs.checkup", format!("a={}\n{CHECKUP}", quote(path)))
}

// Gluster's logs are in UTC. A line is `[TIME] LEVEL [MSGID: N] [file:line:function] 0-name: TEXT`. A healthy start writes a dozen errors
// that mean nothing; these mean something.
const CHECKUP: &str = r#"for h in $(sed -n 's/^hostname1=//p' /var/lib/glusterd/peers/* 2>/dev/null); do
  timeout 3 bash -c 'exec 3<>"/dev/tcp/$0/24007"' "$h" 2>/dev/null || echo "unreached $h"
done
while [ ! -d "$a/" ]; do a=${a%/*}; done
echo "fs $(stat -f -c %T "$a/")"
m=$(timeout 5 df --output=target -- "$a/" | tail -n 1)
command -v xfs_info >/dev/null && timeout 5 xfs_info "$m" 2>/dev/null | sed -n 's/.*isize=\([0-9]*\).*/isize \1/p'
echo "machine $(cat /etc/machine-id 2>/dev/null)"
echo "hostkey $(cut -d ' ' -f 2 /etc/ssh/ssh_host_ed25519_key.pub 2>/dev/null)"
echo "limit $(systemctl show -p Result --value glusterd)"
timeout 5 timedatectl show -p NTPSynchronized 2>/dev/null | sed -n 's/^NTPSynchronized=/ntp /p'
since=$(date -u -d '1 hour ago' '+%Y-%m-%d %H:%M:%S')
for f in /var/log/glusterfs/*.log /var/log/glusterfs/bricks/*.log; do
  [ -f "$f" ] && tail -n 4000 "$f"
done | awk -v since="[$since" '
  BEGIN {
    n = split("Cksums .* differ;health.?check .*failed;[Nn]o space left;Too many open files;quorum .*(not met|lost);" \
      "split.?brain;Input/output error;op.version .*(not supported|mismatch|incorrect);ports in the range are exhausted;" \
      "[Aa]uthentication .*failed;[Gg]fid mismatch;different gfid;Structure needs cleaning;Read-only file system", signs, ";")
  }
  $4 ~ /^[ECAW]$/ && substr($0, 1, 20) >= since {
    text = $0
    sub(/^[^]]*\] [A-Z] (\[MSGID: [0-9]+\] )?\[[^]]*\] /, "", text)
    for (i = 1; i <= n; i++) if (text ~ signs[i]) {
      count[i]++
      last[i] = text
      break
    }
  }
  END { for (kind in count) print "error " count[kind] " " last[kind] }' | sort -k 2nr | head -n 5
true"#;

/// Which version is installed, which one the node's sources have as far as it knows, and what the pool could do. The last is only asked of
/// few nodes, and not while a peer does not answer.
pub fn packages_section(pool: bool) -> Section {
    let asks = if pool { format!("({GUARD}\n{ALL_ANSWER}\n{MAX_OP_VERSION})") } else { String::new() };
    Section::new("glusterfs.packages", format!("{PACKAGES}\n{asks}\ntrue"))
}

const MAX_OP_VERSION: &str = "timeout 20 gluster --mode=script volume get all cluster.max-op-version |
  sed -n 's/^cluster\\.max-op-version  *\\([0-9]*\\).*/max \\1/p'";

const PACKAGES: &str = r#"if command -v apt-cache >/dev/null; then
  apt-cache policy glusterfs-server | awk '/Installed:/ { print "installed " $2 } /Candidate:/ { print "candidate " $2 }'
elif command -v dnf >/dev/null; then
  rpm -q --qf 'installed %{VERSION}-%{RELEASE}\n' glusterfs-server
  dnf -q -C repoquery --latest-limit=1 --qf 'candidate %{version}-%{release}\n' glusterfs-server
fi"#;
