//! Mounts, and the folders on the volume.

use crate::model::NodeName;
use crate::plan::{Level, Note, Refusal, Stage, Task};
use crate::services::glusterfs::facts::MountFacts;
use crate::services::glusterfs::plan::build::{With, note, refuse, stage, task};
use crate::services::glusterfs::plan::mount_unit;
use crate::services::glusterfs::plan::view::View;
use crate::services::glusterfs::spec::Spec;

/// Mount points that something else has.
pub(super) fn check(view: &View<'_>) -> Vec<Refusal> {
    view.mounting()
        .filter_map(|(node, facts)| {
            let (kind, source) = facts.mount.mounted.as_ref().filter(|_| !facts.mount.holds(&view.spec.volume))?;
            Some(refuse(
                Some(node),
                format!("`{source}` ({kind}) is mounted on `{}`", view.spec.mount_point),
                format!(
                    "unmount it, or choose another `mount_point` in the inventory than `{}`",
                    view.spec.mount_point
                ),
            ))
        })
        .collect()
}

/// What mounts it at boot, on every member that lacks it.
pub(super) fn at_boot(view: &View<'_>) -> Vec<Task> {
    view.touched().filter_map(|(member, facts)| boot(view.spec, &member.node, &facts.mount)).collect()
}

/// Mounts on every member, each after its part of `at_boot`, then the folders, on one.
pub(super) fn plan(view: &View<'_>, at_boot: Vec<Task>) -> Stage {
    let mounts = view.touched().filter_map(|(member, facts)| mount(view.spec, &member.node, &facts.mount));
    let folders = directories(view).into_iter().collect();
    let waves = vec![at_boot.into_iter().chain(mounts).collect(), folders];
    stage("mount", "Mount the volume on every node, now and at boot", waves)
}

pub(super) fn boot(spec: &Spec, node: &NodeName, mount: &MountFacts) -> Option<Task> {
    let (line, unit) = (mount_unit::fstab_line(spec, node), mount_unit::content(spec));
    let why = reason(mount, &line, &unit)?;
    let path = format!("/etc/systemd/system/{}", mount_unit::name(&spec.volume));
    let files = mount.unit.iter().map(|seen| (path.clone(), seen.clone())).collect();
    Some(
        Task { files, ..task("boot-mount", node, why) }
            .with("mount_point", spec.mount_point.as_str())
            .with("backup", mount_unit::backup_servers(spec, node))
            .with("fstab_line", line)
            .with("unit", mount_unit::name(&spec.volume))
            .with("unit_content", unit),
    )
}

fn reason(mount: &MountFacts, line: &str, unit: &str) -> Option<&'static str> {
    match mount.fstab.as_slice() {
        [] => return Some("fstab has no line for it"),
        [found] if found == line => {}
        _ => return Some("its fstab line is not the one that survives every boot order"),
    }
    if mount.unit.as_deref() != Some(unit) {
        return Some("the unit that mounts it at boot is missing or different");
    }
    (!mount.unit_enabled).then_some("the unit that mounts it at boot is not enabled")
}

pub(super) fn mount(spec: &Spec, node: &NodeName, mount: &MountFacts) -> Option<Task> {
    let why = format!("`{}` is not mounted on `{}`", spec.volume, spec.mount_point);
    (!mount.holds(&spec.volume)).then(|| {
        task("mount", node, why)
            .with("volume", spec.volume.as_str())
            .with("mount_point", spec.mount_point.as_str())
            .with("unit", mount_unit::name(&spec.volume))
    })
}

// On one node that has, or will have, the volume mounted; `mkdir` of what is there does nothing.
fn directories(view: &View<'_>) -> Option<Task> {
    let serving = view.known.iter().find(|(_, facts)| facts.mount.serves(&view.spec.volume));
    // A mount that does not answer does not say what is on it: unknown, not missing.
    if serving.is_none() && view.known.iter().any(|(_, facts)| facts.mount.holds(&view.spec.volume)) {
        return None;
    }
    let missing: Vec<String> = match serving {
        Some((_, facts)) => {
            view.spec.directories.iter().filter(|dir| !facts.mount.directories.contains(dir)).cloned().collect()
        }
        None => view.spec.directories.clone(),
    };
    if missing.is_empty() {
        return None;
    }
    let touched = |node| view.request.touches(node);
    let on = serving.map(|(member, _)| &member.node).filter(|node| touched(node));
    let node = on.or_else(|| view.touched().next().map(|(member, _)| &member.node))?;
    let why = format!("the volume lacks {}", missing.join(", "));
    Some(
        task("directories", node, why).with("mount_point", view.spec.mount_point.as_str()).with("directories", missing),
    )
}

/// Mounts that hang, or that would hide something.
pub(super) fn notes(view: &View<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    let members = view.known.iter().map(|(member, facts)| (&member.node, *facts));
    for (node, facts) in members.chain(view.clients.iter().map(|(client, facts)| (&client.node, *facts))) {
        let node = Some(node);
        if facts.mount.holds(&view.spec.volume) && !facts.mount.answers {
            let text = format!("`{}` is mounted and does not answer: too few bricks are up", view.spec.mount_point);
            notes.push(note(Level::Warning, node, text));
        } else if facts.mount.holds(&view.spec.volume) && facts.mount.deaf {
            let text = format!(
                "`{}` has lost touch with every glusterd, and writes to the bricks of before when the volume changes; \
                 where that stays so, unmount it when nobody works in it, and run `up`",
                view.spec.mount_point
            );
            notes.push(note(Level::Warning, node, text));
        } else if facts.mount.hides {
            let text = format!(
                "`{}` is not empty: the mount hides what lies in it, and it comes to light when it is unmounted; move it away if it is wanted",
                view.spec.mount_point
            );
            notes.push(note(Level::Warning, node, text));
        }
    }
    notes
}
