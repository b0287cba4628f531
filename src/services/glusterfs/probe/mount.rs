//! The mount point.

use crate::facts::Section;
use crate::model::shell::{quote, quote_all};
use crate::services::glusterfs::plan::mount_unit;
use crate::services::glusterfs::spec::Spec;

/// What is there, and what will be there after a boot; `at` is the volume's place in the list.
pub(super) fn mount(spec: &Spec, at: usize) -> Vec<Section> {
    let unit = quote(&mount_unit::name(&spec.volume));
    let directories = quote_all(spec.directories.iter().map(String::as_str));
    let (m, held) = (format!("\"$m{at}\""), format!("[ -n \"$held{at}\" ]"));
    vec![
        Section::new("glusterfs.mount", format!("printf '%s\\n' \"$held{at}\"")),
        Section::new("glusterfs.answers", format!("{held} && timeout 5 stat -t {m} >/dev/null")),
        // Which bricks it is not connected to: the client's own word, which it gives without asking anybody.
        Section::new("glusterfs.clients", format!("{held} || exit 0\ntimeout 5 sh -c '{MISSES}' sh {m}; true")),
        // Whether it has a glusterd that tells it of changes: a connection to port 24007 of any.
        Section::new("glusterfs.deaf", format!("{held} || exit 0\nm={m}\n{DEAF}")),
        Section::new("glusterfs.hides", format!("{held} || ls -A {m} 2>/dev/null | head -n 1")),
        Section::new("glusterfs.fstab", format!("awk -v m={m} '!/^[ \\t]*#/ && $2 == m' /etc/fstab; true")),
        Section::new("glusterfs.unit", format!("cat /etc/systemd/system/{unit}")),
        Section::new("glusterfs.unit_enabled", format!("enabled {unit}")),
        Section::new(
            "glusterfs.directories",
            format!(
                "{held} || exit 0\ntimeout 5 sh -c 'cd \"$1\" || exit; shift; for d; do [ ! -d \"$d\" ] || printf \"%s\\n\" \"$d\"; done' \
                 sh {m} {directories}; true"
            ),
        ),
    ]
}

const MISSES: &str = r#"grep -lx "connected = 0" "$1"/.meta/graphs/active/*-client-*/private | while read -r f; do
  d=${f%/private}/options
  echo "$(cat "$d/remote-host"):$(cat "$d/remote-subvolume")"
done"#;

const DEAF: &str = r#"p=$(ps -C glusterfs -o pid=,args= | awk -v m="$m" '$NF == m { print $1; exit }')
[ -n "$p" ] && command -v ss >/dev/null || exit 0
ss -Htnp state established '( dport = :24007 )' | grep -q "pid=$p," || echo deaf"#;
