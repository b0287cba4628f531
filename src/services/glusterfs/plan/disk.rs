//! The disk that the inventory names for the bricks: made into a file system only where it is blank, and mounted right above
//! the brick, so that a brick without its disk is no brick.

use crate::facts::OsFamily;
use crate::plan::{Level, Note, Refusal, Stage, Task, Then};
use crate::services::glusterfs::facts::NodeFacts;
use crate::services::glusterfs::plan::build::{With, note, refuse, stage, task};
use crate::services::glusterfs::plan::change::Growth;
use crate::services::glusterfs::plan::view::View;
use crate::services::glusterfs::spec::Member;

/// Is a disk going to be mounted above the brick?
pub(super) fn comes(facts: &NodeFacts) -> bool {
    facts.brick_disk.as_ref().is_some_and(|disk| !disk.here)
}

/// Mounts disks that were made for a brick; what is on them is known afterwards.
pub(super) fn asleep(view: &View<'_>) -> Option<Stage> {
    let disks = view.touched().filter_map(|(member, facts)| Some((member, facts, facts.brick_disk.as_ref()?)));
    let asleep = disks.filter(|(_, _, disk)| disk.asleep() && disk.hides.is_empty());
    let tasks: Vec<_> = asleep
        .filter_map(|(member, facts, _)| mounted(view, member, facts, "it was made for a brick, and is not mounted"))
        .collect();
    let doc = "Mount the disks of the bricks";
    (!tasks.is_empty()).then(|| Stage { then: Then::LookAgain, ..stage("disks", doc, vec![tasks]) })
}

/// What forbids to put a new brick on it.
pub(super) fn check(view: &View<'_>, member: &Member, facts: &NodeFacts) -> Vec<Refusal> {
    check_but(view, member, facts, false)
}

/// As `check`, where the disk that was there before is lost, as a person has said.
pub(super) fn check_anew(view: &View<'_>, member: &Member, facts: &NodeFacts) -> Vec<Refusal> {
    check_but(view, member, facts, true)
}

fn check_but(view: &View<'_>, member: &Member, facts: &NodeFacts, lost: bool) -> Vec<Refusal> {
    let (Some(device), Some(disk)) = (&view.spec.brick_device, facts.brick_disk.as_ref().filter(|disk| !disk.here))
    else {
        return Vec::new();
    };
    let at = view.spec.brick_parent();
    let mut refusals = Vec::new();
    let mut refused = |what: String, remedy: String| refusals.push(refuse(Some(&member.node), what, remedy));
    if let Some(fault) = &disk.fault {
        refused(
            format!("`{device}`, for the brick, {fault}"),
            "see `lsblk` on the node, and name an empty disk that all members have as `brick_device`".to_owned(),
        );
    }
    if let Some(source) = &disk.above {
        refused(
            format!("`{at}` is mounted from {source}, not from `{device}`"),
            "name that one as `brick_device`, or leave `brick_device` out: what is mounted is used as it is".to_owned(),
        );
    } else if let Some(source) = disk.fstab.as_ref().filter(|_| !disk.ours && !lost) {
        refused(
            format!("its /etc/fstab mounts {source} at `{at}`, and that is not mounted"),
            format!("mount it (`mount {at}`), or take the line out"),
        );
    }
    if !disk.holds.is_empty() {
        refused(
            format!("`{device}` is not blank: it holds {}", disk.holds.join("; ")),
            format!(
                "name another disk; or, when nobody needs what is there, empty it on the node: `wipefs -a {device} && \
                 blkdiscard -z {device}`"
            ),
        );
    }
    if !disk.hides.is_empty() {
        let names: Vec<_> = disk.hides.iter().map(|name| format!("`{name}`")).collect();
        refused(
            format!("`{at}`, where `{device}` would be mounted, holds {}", names.join(", ")),
            format!("move it away (`mv {at} {at}.old`), or choose another `brick_path`"),
        );
    }
    refusals
}

/// Makes and mounts it, and writes its line.
pub(super) fn prepare(view: &View<'_>, member: &Member, facts: &NodeFacts) -> Option<Task> {
    let disk = facts.brick_disk.as_ref()?;
    let why = if !disk.here {
        "the brick's disk is blank"
    } else if disk.fstab.is_none() {
        "the brick's disk is not mounted at boot"
    } else {
        return None;
    };
    mounted(view, member, facts, why)
}

fn mounted(view: &View<'_>, member: &Member, facts: &NodeFacts, why: &str) -> Option<Task> {
    let device = view.spec.brick_device.as_deref()?;
    let family = facts.host.family.unwrap_or(OsFamily::Debian);
    let task = task("brick-disk", &member.node, why)
        .with("family", family.key())
        .with("device", device)
        .with("at", view.spec.brick_parent());
    Some(task)
}

/// Bricks that are elsewhere, and which disks are written to.
pub(super) fn notes(view: &View<'_>, growth: &Growth<'_>) -> Vec<Note> {
    view.touched()
        .filter_map(|(member, facts)| {
            if growth.gets_brick(&member.node) { made(view, member, facts) } else { elsewhere(view, member, facts) }
        })
        .collect()
}

/// What happens to a blank disk, said before anything is written to it.
pub(super) fn made(view: &View<'_>, member: &Member, facts: &NodeFacts) -> Option<Note> {
    let (device, disk) = (view.spec.brick_device.as_deref()?, facts.brick_disk.as_ref()?);
    let size = if disk.bytes == 0 { String::new() } else { format!(" ({} MiB)", disk.bytes >> 20) };
    let at = view.spec.brick_parent();
    let text = format!("`{device}`{size} is blank: it is made XFS for the brick, and mounted at `{at}`");
    disk.blank().then(|| note(Level::Warning, Some(&member.node), text))
}

fn elsewhere(view: &View<'_>, member: &Member, facts: &NodeFacts) -> Option<Note> {
    let (device, disk) = (view.spec.brick_device.as_deref()?, facts.brick_disk.as_ref()?);
    let has = view.cluster.volume?.bricks.iter().any(|brick| facts.daemon.uuid.as_deref() == Some(&brick.host));
    let text =
        format!("its brick is not on `{device}`, and stays where it is; on another node `replace` fills a new one");
    (has && !disk.here).then(|| note(Level::Info, Some(&member.node), text))
}
