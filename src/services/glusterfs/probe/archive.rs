//! What is kept of a node.

use crate::model::shell::quote;
use crate::services::glusterfs::plan::mount_unit;
use crate::services::glusterfs::spec::Spec;

/// What glusterd has stored, what it says of itself, and what mounts the volumes at boot, packed and sent. The folder with what it
/// says is gone at the end.
pub fn archive(specs: &[Spec]) -> String {
    // Words: neither a path of systemd nor the name of a volume has a blank in it.
    let unit = |spec: &Spec| format!("etc/systemd/system/{}", mount_unit::name(&spec.volume));
    format!("units={}\n{ARCHIVE}", quote(&specs.iter().map(unit).collect::<Vec<_>>().join(" ")))
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
for path in var/lib/glusterd etc/glusterfs etc/fstab $units; do
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
