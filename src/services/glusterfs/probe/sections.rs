//! What every look asks.

use crate::facts::Section;
use crate::model::shell::{quote, quote_all};
use crate::services::glusterfs::plan::mount_unit;
use crate::services::glusterfs::probe::{brick, mount};
use crate::services::glusterfs::spec::Spec;

// Not asked (`NOT_ASKED`) where the daemon does not run, or `glusterd.info` does not exist, which the first CLI call
// would create (fact 1.27). A silent peer can make a reading command hang (fact 9.4); `pool list` and `volume info` do not, but be sure.
pub(super) const GUARD: &str = "[ -s /var/lib/glusterd/glusterd.info ] && active glusterd.service || exit 99";
// Nor where it has stored neither peer nor volume: it could tell of none, and each question costs 0.07 s of CPU.
const STORED: &str =
    "[ -n \"$(ls -A /var/lib/glusterd/peers /var/lib/glusterd/vols 2>/dev/null | grep -v ':$')\" ] || exit 99";
pub(super) const CLI: &str = "timeout 20 gluster --mode=script --xml";

// What is mounted and what systemd says of all units is asked once: a process of its own for each question is most of what a
// look costs a node. The units of jobs are those of the step `packages` of the playbooks `install` and `client`.
fn shared(specs: &[Spec]) -> String {
    let held = |(at, spec): (usize, &Spec)| {
        let mount_point = quote(&spec.mount_point);
        format!("m{at}={mount_point}\nheld{at}=$(findmnt -n -r -M \"$m{at}\" -o FSTYPE,SOURCE)\n")
    };
    let held: String = specs.iter().enumerate().map(held).collect();
    let units: Vec<_> = specs.iter().map(|spec| mount_unit::name(&spec.volume)).collect();
    let units = quote_all(units.iter().map(String::as_str));
    format!(
        "{held}units=$(systemctl show -p Id -p ActiveState -p UnitFileState glusterd.service {units} {INSTALLS}.service {CLIENT_INSTALLS}.service 2>/dev/null)\n{UNIT}"
    )
}

const INSTALLS: &str = "bricklayer-glusterfs-install-packages";
const CLIENT_INSTALLS: &str = "bricklayer-glusterfs-client-packages";

// of UNIT: in `block`, what was said of it.
const UNIT: &str = r#"of() {
  block=${units#*"Id=$1
"}
  block=${block%%"

"*}
}
active() {
  of "$1"
  case $block in *ActiveState=active*) ;; *) return 1 ;; esac
}
enabled() {
  of "$1"
  case $block in *UnitFileState=enabled*) ;; *) return 1 ;; esac
}"#;

/// What every look asks a member of its daemon, whatever volumes it is to have.
pub fn daemon_sections() -> Vec<Section> {
    let mut all = daemon();
    all.push(firewall());
    all
}

/// What it asks a node that only mounts, whatever volumes that are.
pub fn client_sections() -> Vec<Section> {
    vec![client()]
}

/// What it asks a member of the place of a volume; `at` is the volume's place in the list.
pub fn volume_sections(spec: &Spec, at: usize) -> Vec<Section> {
    let mut all = vec![brick::brick(&spec.brick_path, &spec.volume)];
    all.extend(spec.brick_device.as_deref().map(|device| brick::brick_disk(spec, device)));
    all.extend(mount::mount(spec, at));
    all
}

/// What it asks a node that only mounts of the place of a volume.
pub fn mount_sections(spec: &Spec, at: usize) -> Vec<Section> {
    mount::mount(spec, at)
}

/// All questions to a node, after what they share.
pub fn after_shared(specs: &[Spec], sections: Vec<Section>) -> Vec<Section> {
    let shared = shared(specs);
    sections.into_iter().map(|section| section.after(&shared)).collect()
}

fn client() -> Section {
    Section::new(
        "glusterfs.client",
        format!("command -v mount.glusterfs >/dev/null || exit 1\n! active {CLIENT_INSTALLS}.service"),
    )
}

fn daemon() -> Vec<Section> {
    vec![
        version(),
        client(),
        Section::new("glusterfs.service", "of glusterd.service\nprintf '%s\\n' \"$block\""),
        Section::new("glusterfs.info", "cat /var/lib/glusterd/glusterd.info 2>/dev/null; true"),
        Section::new("glusterfs.peers", "cat /var/lib/glusterd/peers/* 2>/dev/null | sed -n 's/^uuid=//p'; true"),
        Section::new("glusterfs.vols", VOLUMES),
        // Both questions in one process: to load itself is two thirds of what a gluster command costs.
        Section::new("glusterfs.cluster", format!("{GUARD}\n{STORED}\nprintf 'pool list\\nvolume info\\n' | {CLI}")),
        Section::new("glusterfs.running", RUNNING),
    ]
}

// While an installation runs that another run has begun, nothing is installed yet: what it has done so far is not to be
// built on.
fn version() -> Section {
    let asks = format!("command -v glusterd >/dev/null || exit 0\nactive {INSTALLS}.service && exit 0");
    Section::new("glusterfs.version", format!("{asks}\nglusterd --version | head -n 1"))
}

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
