//! What a node is asked about GlusterFS. Nothing here changes a node.

use crate::facts::Section;
use crate::model::shell::{quote, quote_all};
use crate::services::glusterfs::plan::mount_unit;
use crate::services::glusterfs::spec::Spec;

// Not asked (`NOT_ASKED`) where the daemon does not run, or `glusterd.info` does not exist, which the first CLI call
// would create (fact 1.27). A silent peer can make a reading command hang (fact 9.4); `pool list` and `volume info` do not, but be sure.
const GUARD: &str = "[ -s /var/lib/glusterd/glusterd.info ] && systemctl -q is-active glusterd || exit 99";
// Nor where it has stored neither peer nor volume: it could tell of none, and each question costs 0.07 s of CPU.
const STORED: &str =
    "[ -n \"$(ls -A /var/lib/glusterd/peers /var/lib/glusterd/vols 2>/dev/null | grep -v ':$')\" ] || exit 99";
const CLI: &str = "timeout 20 gluster --mode=script --xml";

/// The room's sections for a node.
pub fn sections(spec: &Spec) -> Vec<Section> {
    let mut all = daemon();
    all.push(brick(&spec.brick_path, &spec.volume));
    all.extend(spec.brick_device.as_deref().map(|device| brick_disk(spec, device)));
    all.extend(mount(spec));
    all.push(firewall());
    all
}

/// Those for a node that only mounts.
pub fn client_sections(spec: &Spec) -> Vec<Section> {
    let mut all = vec![client()];
    all.extend(mount(spec));
    all
}

fn client() -> Section {
    Section::new("glusterfs.client", CLIENT)
}

fn daemon() -> Vec<Section> {
    vec![
        Section::new("glusterfs.version", VERSION),
        client(),
        Section::new("glusterfs.service", "systemctl show -p ActiveState -p UnitFileState glusterd.service"),
        Section::new("glusterfs.info", "cat /var/lib/glusterd/glusterd.info 2>/dev/null; true"),
        Section::new("glusterfs.peers", "cat /var/lib/glusterd/peers/* 2>/dev/null | sed -n 's/^uuid=//p'; true"),
        Section::new("glusterfs.vols", VOLUMES),
        // Both questions in one process: to load itself is two thirds of what a gluster command costs.
        Section::new("glusterfs.cluster", format!("{GUARD}\n{STORED}\nprintf 'pool list\\nvolume info\\n' | {CLI}")),
        Section::new("glusterfs.running", RUNNING),
    ]
}

// While an installation runs that another run has begun, nothing is installed yet: what it has done so far is not to be
// built on. The units are those of the step `packages` of the playbooks `install` and `client`.
const VERSION: &str = "command -v glusterd >/dev/null || exit 0
systemctl -q is-active bricklayer-glusterfs-install-packages && exit 0
glusterd --version | head -n 1";

const CLIENT: &str = "command -v mount.glusterfs >/dev/null || exit 1
! systemctl -q is-active bricklayer-glusterfs-client-packages";

// As `VOLUME VERSION`: a member that missed a change has the older version.
const VOLUMES: &str = r#"for v in /var/lib/glusterd/vols/*; do
  [ -d "$v" ] || continue
  echo "${v##*/} $(sed -n 's/^version=//p' "$v/info" 2>/dev/null)"
done"#;

// The pid file's name is HOST-PATH.pid with `/` as `-`; the process is looked for, since a killed brick leaves it.
const RUNNING: &str = r#"for f in /var/run/gluster/vols/*/*.pid; do
  [ -f "$f" ] || continue
  p=$(cat "$f")
  if [ -n "$p" ] && [ "$(cat "/proc/$p/comm" 2>/dev/null)" = glusterfsd ]; then
    v=${f%/*}; n=${f##*/}; echo "${v##*/}:${n%.pid}"
  fi
done
true"#;

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

/// How full the file system of the brick is.
pub fn disk_section(path: &str) -> Section {
    Section::new("glusterfs.disk", format!("a={}\n{DISK}", quote(path)))
}

const DISK: &str = r#"while [ ! -d "$a/" ]; do a=${a%/*}; done
timeout 5 df --output=pcent,ipcent,avail -B1 -- "$a/" | tail -n 1"#;

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

fn brick(path: &str, volume: &str) -> Section {
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

fn brick_disk(spec: &Spec, device: &str) -> Section {
    let (parent, brick) = (quote(spec.brick_parent()), quote(&spec.brick_path));
    Section::new("glusterfs.brick_disk", format!("d={} p={parent} b={brick}\n{BRICK_DISK}", quote(device)))
}

// Blank is what has no signature that blkid knows, no part and no user, and zeros at both ends and in 62 places between: data
// without a signature, as of a database or under encryption, is no empty disk. `lib.sh` looks at the zeros again.
const BRICK_DISK: &str = r#"echo asked yes
r=$(readlink -f -- "$d")
if [ ! -e "$r" ]; then echo 'fault is not there'; elif [ ! -b "$r" ]; then echo 'fault is no disk'; fi
findmnt -n -r -M "$p" -o SOURCE | sed 's/^/above /'
awk -v p="$p" '!/^[ \t]*#/ && $2 == p { print "fstab " $1 }' /etc/fstab
mountpoint -q "$p" || find "$p" -mindepth 1 -maxdepth 1 ! \( -path "$b" -type d -empty \) -printf 'hides %f\n' 2>/dev/null | head -n 5
[ -b "$r" ] || exit 0
size=$(blockdev --getsize64 "$r")
n=$(mountpoint -x "$r")
echo "size $size"
if mountpoint -q "$p" && [ "$(mountpoint -d "$p")" = "$n" ]; then echo 'here yes'; exit 0; fi
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
true"#;

fn mount(spec: &Spec) -> Vec<Section> {
    let at = quote(&spec.mount_point);
    let unit = quote(&mount_unit::name(&spec.volume));
    let held = format!("findmnt -n -M {at} >/dev/null");
    vec![
        Section::new("glusterfs.mount", format!("findmnt -n -r -M {at} -o FSTYPE,SOURCE; true")),
        Section::new("glusterfs.answers", format!("{held} && timeout 5 stat -t {at} >/dev/null")),
        // The client's own word, which it gives without asking anybody.
        Section::new(
            "glusterfs.clients",
            format!(
                "{held} || exit 0\ntimeout 5 sh -c 'grep -h \"^connected\" \"$1\"/.meta/graphs/active/*-client-*/private' sh {at}; true"
            ),
        ),
        // Whether it has a glusterd that tells it of changes: a connection to port 24007 of any.
        Section::new("glusterfs.deaf", format!("{held} || exit 0\nm={at}\n{DEAF}")),
        Section::new("glusterfs.hides", format!("{held} || ls -A {at} 2>/dev/null | head -n 1")),
        Section::new("glusterfs.fstab", format!("m={at}; awk -v m=\"$m\" '!/^[ \\t]*#/ && $2 == m' /etc/fstab; true")),
        Section::new("glusterfs.unit", format!("cat /etc/systemd/system/{unit}")),
        Section::new("glusterfs.unit_enabled", format!("systemctl -q is-enabled {unit}")),
        Section::new(
            "glusterfs.directories",
            format!(
                "{held} || exit 0\ntimeout 5 sh -c 'cd \"$1\" || exit; shift; for d; do [ ! -d \"$d\" ] || printf \"%s\\n\" \"$d\"; done' \
                 sh {at} {}; true",
                quote_all(spec.directories.iter().map(String::as_str))
            ),
        ),
    ]
}

const DEAF: &str = r#"p=$(ps -C glusterfs -o pid=,args= | awk -v m="$m" '$NF == m { print $1; exit }')
[ -n "$p" ] && command -v ss >/dev/null || exit 0
ss -Htnp state established '( dport = :24007 )' | grep -q "pid=$p," || echo deaf"#;

// Addresses that the active firewall admits to glusterd and to the bricks, one a line.
fn firewall() -> Section {
    Section::new("glusterfs.admitted", FIREWALL)
}

const FIREWALL: &str = r#"if command -v ufw >/dev/null && grep -qs '^ENABLED=yes' /etc/ufw/ufw.conf; then
  ufw status | awk '/^24007\/tcp .*ALLOW/ {g[$NF]=1} /^49152:60999\/tcp .*ALLOW/ {b[$NF]=1} END {for (a in g) if (a in b) print a}'
elif command -v firewall-cmd >/dev/null && systemctl -q is-active firewalld; then
  zones=$({ firewall-cmd --get-active-zones | sed -n 's/^\([^ ][^ ]*\).*$/\1/p'; firewall-cmd --get-default-zone; } | sort -u)
  admits() {
    for z in $zones; do
      firewall-cmd $1 --zone="$z" --list-all | awk '
        { from = "Anywhere" }
        /^ *services: / && / glusterfs( |$)/ { g[from] = b[from] = 1 }
        /^ *ports: / && / 24007\/tcp/ { g[from] = 1 }
        /^ *ports: / && / 49152-60999\/tcp/ { b[from] = 1 }
        /source NOT/ || !/rule .* accept/ { next }
        match($0, /source address="[^"]*"/) { from = substr($0, RSTART + 16, RLENGTH - 17) }
        /service name="glusterfs"/ { g[from] = b[from] = 1 }
        /port port="24007" protocol="tcp"/ { g[from] = 1 }
        /port port="49152-60999" protocol="tcp"/ { b[from] = 1 }
        END { for (from in g) if (from in b) print from }'
    done | sort -u
  }
  # Now, and after a reload.
  { admits ''; admits --permanent; } | sort | uniq -d
fi
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

/// What glusterd has stored, what it says of itself, and what mounts the volume at boot, packed and sent. The folder with what it
/// says is gone at the end.
pub fn archive(spec: &Spec) -> String {
    format!("unit={}\n{ARCHIVE}", quote(&mount_unit::name(&spec.volume)))
}

// The end of a pipeline says nothing of its beginning, hence the file `failed`. tar ends with 1 where a file was changed meanwhile,
// as glusterd may do; what it reads then is the old or the new one, which is renamed into place.
const ARCHIVE: &str = r#"set -e
work=$(mktemp -d /run/bricklayer.XXXXXX 2>/dev/null || mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/said"
if [ -s /var/lib/glusterd/glusterd.info ] && systemctl -q is-active glusterd; then
  for ask in 'pool list' 'volume info'; do
    timeout 20 gluster --mode=script --xml $ask >"$work/said/$ask.xml" || echo "gluster gave no $ask" >>"$work/said/missing"
  done
  timeout 20 gluster get-state glusterd odir "$work/said" file get-state >/dev/null || echo "gluster gave no get-state" >>"$work/said/missing"
fi
mkfifo "$work/pipe"
sha256sum <"$work/pipe" >"$work/sum" &
set --
for path in var/lib/glusterd etc/glusterfs etc/fstab "etc/systemd/system/$unit"; do
  [ ! -e "/$path" ] || set -- "$@" "$path"
done
echo 'file 600'
{
  tar -czf - --warning=no-file-ignored --warning=no-file-changed -C / "$@" -C "$work" said || [ $? = 1 ] || echo failed >"$work/failed"
} | tee "$work/pipe"
wait
[ ! -e "$work/failed" ]
cut -c 1-64 "$work/sum" >&2
"#;
