//! Paths on the nodes.

use crate::yaml::{Item, Problem, Problems, show};

/// Emptied at boot, or no storage at all.
const NO_STORAGE: [&str; 5] = ["/dev", "/proc", "/run", "/sys", "/tmp"];
/// A mount there would hide what the system lives on.
const SYSTEM: [&str; 15] = [
    "/bin",
    "/boot",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/opt",
    "/root",
    "/sbin",
    "/srv",
    "/usr",
    "/var",
    "/var/lib",
    "/var/log",
    "/usr/local",
];
/// The translators of gluster keep these at the root of a volume.
const RESERVED: [&str; 3] = [".glusterfs", ".trashcan", ".shard"];

/// Where a brick may be.
pub(crate) fn brick(item: &Item<'_>, problems: &mut Problems) -> Option<String> {
    let path = clean(item, "/data/glusterfs/shared", problems)?;
    if let Some(root) = NO_STORAGE.iter().find(|root| holds(root, &path)) {
        let message = format!("data under `{root}` is lost when the node boots");
        problems.push(Problem::item(item, message).help("choose a directory on a disk: `/data/glusterfs/shared`"));
        return None;
    }
    Some(path)
}

/// Where a volume may be mounted.
pub(crate) fn mount_point(item: &Item<'_>, problems: &mut Problems) -> Option<String> {
    let path = clean(item, "/mnt/gluster", problems)?;
    if SYSTEM.contains(&path.as_str()) || ["/dev", "/proc", "/sys"].iter().any(|root| holds(root, &path)) {
        let message = format!("a volume mounted at `{path}` would hide what the system keeps there");
        problems.push(Problem::item(item, message).help("choose a directory of its own: `/mnt/gluster`"));
        return None;
    }
    Some(path)
}

/// A disk for the brick at `brick`, which goes on the folder above it.
pub(crate) fn device(item: &Item<'_>, brick: &str, problems: &mut Problems) -> Option<String> {
    let text = item.line(problems)?;
    let rest = text.strip_prefix("/dev/").unwrap_or_default();
    // Names below /dev/disk/by-path have colons in them.
    let good = !rest.is_empty() && unclean(rest).is_none() && rest.bytes().all(|byte| plain(byte) || byte == b':');
    let parent = brick.rsplit_once('/').map_or("", |(parent, _)| parent);
    let problem = if !good {
        Problem::item(item, format!("`{}` is not the name of a disk", show(text)))
            .help("write for example `/dev/vdb`, or a name below `/dev/disk/by-id/` that all nodes have")
    } else if parent.is_empty() || SYSTEM.contains(&parent) {
        let at = if parent.is_empty() { "/" } else { parent };
        Problem::item(item, format!("the disk is mounted at the folder above the brick `{brick}`, and that is `{at}`"))
            .help("choose a `brick_path` with a folder of its own above it: `/data/glusterfs/shared`")
    } else {
        return Some(text.to_owned());
    };
    problems.push(problem);
    None
}

/// A brick inside the mount would be written through itself; a mount inside the brick would be in the data.
pub(crate) fn apart(at: &Item<'_>, other: Option<Item<'_>>, brick: &str, mount: &str, problems: &mut Problems) {
    let message = if brick == mount {
        format!("brick and mount point are the same directory, `{brick}`")
    } else if holds(mount, brick) {
        format!("the brick `{brick}` is inside the mount point `{mount}`")
    } else if holds(brick, mount) {
        format!("the mount point `{mount}` is inside the brick `{brick}`")
    } else {
        return;
    };
    let default = match (other, at.name()) {
        (Some(_), _) => "",
        (None, "brick_path") => " (the mount point is the default)",
        (None, _) => " (the brick is the default)",
    };
    let message = message + default;
    let mut problem =
        Problem::item(at, message).help("keep them apart: gluster fills the brick, programs use the mount point");
    if let Some(other) = other {
        problem = problem.also(other.place(), "the mount point");
    }
    problems.push(problem);
}

/// Directories on the volume: relative, clean, each once.
pub(crate) fn directories(item: &Item<'_>, problems: &mut Problems) -> Option<Vec<String>> {
    let mut directories: Vec<String> = Vec::new();
    for entry in item.list(problems)? {
        let Some(text) = entry.line(problems) else { continue };
        let path = text.trim_end_matches('/');
        let wrong = if text.starts_with('/') {
            Some(format!("`{}` must be relative: it is made inside the mount point", show(text)))
        } else if RESERVED.iter().any(|reserved| path.split('/').next() == Some(reserved)) {
            Some(format!("gluster keeps `{}` for itself", show(path)))
        } else {
            unclean(path).map(|fault| format!("`{}` {fault}", show(text)))
        };
        match wrong {
            Some(message) => problems.push(Problem::item(&entry, message).help("write for example `slurm/state`")),
            None if directories.iter().any(|known| known == path) => {}
            None => directories.push(path.to_owned()),
        }
    }
    Some(directories)
}

/// Is a path the other one, or above it?
pub(crate) fn holds(above: &str, path: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

// An absolute path without surprises; a slash at the end is dropped.
fn clean(item: &Item<'_>, example: &str, problems: &mut Problems) -> Option<String> {
    let text = item.line(problems)?;
    let path = text.trim_end_matches('/');
    let fault = if !text.starts_with('/') {
        "must be an absolute path"
    } else if path.is_empty() {
        "is the root of the whole system"
    } else if let Some(fault) = unclean(&path[1..]) {
        fault
    } else if !path.bytes().all(plain) {
        "may have only letters, digits and `/._-+@%` in it"
    } else {
        return Some(path.to_owned());
    };
    let message = format!("`{}` {fault}", show(text));
    problems.push(Problem::item(item, message).help(format!("write for example `{example}`")));
    None
}

fn unclean(path: &str) -> Option<&'static str> {
    let mut parts = path.split('/');
    parts.find_map(|part| match part {
        "" => Some("has two slashes in a row"),
        "." | ".." => Some("must not have `.` or `..` in it"),
        _ => None,
    })
}

// No colon: gluster parses `host:path`. No white space: bricks and fstab are lists of words.
fn plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/._-+@%".contains(&byte)
}
