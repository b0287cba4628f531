//! How nodes leave. The inventory does not name them as members any more, so that a removal that was cut short is finished by
//! the next run.

use crate::model::NodeName;
use crate::plan::{Level, Note, Plan, Refusal, Stage};
use crate::services::glusterfs::facts::{Brick, Volume};
use crate::services::glusterfs::plan::build::{With, add, names, note, stage, task};
use crate::services::glusterfs::plan::leaver::{self, Leaving};
use crate::services::glusterfs::plan::leaving;
use crate::services::glusterfs::plan::view::View;
use crate::services::glusterfs::plan::{mount, mount_unit, options, pool};
use crate::services::glusterfs::spec::Member;

/// Everything that is still to be done for nodes to be gone, or all reasons why they may not go. Nothing where they are.
pub(super) fn plan(view: &View<'_>, coordinator: &Member) -> Result<Option<Plan>, Vec<Refusal>> {
    let all = leaver::all(view);
    let left = |one: &Leaving<'_>| one.peer.is_some() || one.mounts(view) || view.request.wipe && one.stores();
    if !all.iter().any(left) {
        return Ok(None);
    }
    let refusals = leaving::check(view, &all);
    if !refusals.is_empty() {
        return Err(refusals);
    }
    if let Some(stage) = pool::settle(view) {
        let open = Some("how they leave is known once those that stay see each other".to_owned());
        return Ok(Some(Plan { stages: vec![stage], open, ..Plan::default() }));
    }
    let bricks = leaving::bricks(&all);
    let mut plan = Plan::default();
    add(&mut plan, leave(view, &all));
    if let Some(volume) = view.cluster.volume.filter(|_| !bricks.is_empty()) {
        add(&mut plan, shrink(coordinator, volume, &bricks, &all));
    }
    add(&mut plan, detach(view, coordinator, &all));
    let access = options::after_removal(view, coordinator).into_iter().collect();
    add(&mut plan, stage("access", "Keep the volume to those that stay", vec![access]));
    add(&mut plan, wipe(view, &all));
    add(&mut plan, mount::plan(view, mount::at_boot(view)));
    plan.notes = notes(view, &all, &bricks);
    Ok(Some(plan))
}

fn leave(view: &View<'_>, all: &[Leaving<'_>]) -> Stage {
    let mounts = all.iter().filter(|one| one.mounts(view));
    let tasks = mounts
        .map(|one| {
            task("leave", one.node(), "it is no member any more")
                .with("volume", view.spec.volume.as_str())
                .with("mount_point", view.spec.mount_point.as_str())
                .with("unit", mount_unit::name(&view.spec.volume))
        })
        .collect();
    stage("leave", "Take the mount away where a node leaves", vec![tasks])
}

fn shrink(on: &Member, volume: &Volume, bricks: &[&Brick], all: &[Leaving<'_>]) -> Stage {
    let leaving = names(all.iter().filter(|one| !one.bricks.is_empty()).map(Leaving::node));
    if volume.sets() > 1 {
        // In the order of the volume, as gluster wants them.
        let in_order = volume.bricks.iter().filter(|brick| bricks.contains(brick)).map(|brick| brick.name.clone());
        let drain = task("drain", &on.node, format!("{leaving} leave: their files are moved to the others"))
            .with("volume", volume.name.as_str())
            .with("replica", volume.replica)
            .with("bricks", in_order.collect::<Vec<_>>())
            .with("before", volume.bricks.len());
        return stage("shrink", "Move the data off the replica sets that leave", vec![vec![drain]]);
    }
    let replica = volume.replica as usize - bricks.len();
    let why = format!("the cop{} on {leaving}: replica {} becomes {replica}", plural(bricks.len()), volume.replica);
    let stay: Vec<_> = volume.bricks.iter().filter(|brick| !bricks.contains(brick)).map(|b| b.name.clone()).collect();
    let remove = task("remove-brick", &on.node, why)
        .with("volume", volume.name.as_str())
        .with("replica", replica)
        .with("bricks", bricks.iter().map(|brick| brick.name.clone()).collect::<Vec<_>>())
        .with("before", volume.bricks.len())
        .with("replica_before", volume.replica)
        .with("stay", stay)
        .with("dead", all.iter().any(|one| one.facts.is_none()));
    stage("shrink", "Take copies out of the volume", vec![vec![remove]])
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "y" } else { "ies" }
}

fn detach(view: &View<'_>, on: &Member, all: &[Leaving<'_>]) -> Stage {
    let gone: Vec<_> = all.iter().filter_map(|one| Some((one.node(), one.peer?.names.first()?.clone()))).collect();
    if gone.is_empty() {
        return stage("detach", "", Vec::new());
    }
    let list = names(gone.iter().map(|(node, _)| *node));
    let why = format!("{list} leave{} the pool", if gone.len() == 1 { "s" } else { "" });
    let size = view.cluster.uuids.len() - gone.len();
    let detach =
        task("detach", &on.node, why).with("peers", gone.into_iter().map(|(_, name)| name).collect::<Vec<_>>());
    let stay = view.known.iter().filter(|(_, facts)| view.cluster.has(facts));
    let settled = stay.map(|(member, _)| pool::settled(&member.node, size, 0, "those that stay must agree")).collect();
    stage("detach", "Take the nodes out of the pool", vec![vec![detach], settled])
}

fn wipe(view: &View<'_>, all: &[Leaving<'_>]) -> Stage {
    let stores = all.iter().filter(|one| view.request.wipe && one.stores());
    let why = "`--wipe`: its copy, and what glusterd has stored, are deleted";
    // One that was detached while it was down does not know it, and those that stay do.
    let stale =
        |one: &Leaving<'_>| one.peer.is_none() && one.facts.is_some_and(|facts| !facts.daemon.stored_peers.is_empty());
    let tasks = stores
        .map(|one| task("wipe", one.node(), why).with("brick", view.spec.brick_path.as_str()).with("stale", stale(one)))
        .collect();
    stage("wipe", "Delete what the nodes that left have stored", vec![tasks])
}

// What it means, on one screen.
fn notes(view: &View<'_>, all: &[Leaving<'_>], bricks: &[&Brick]) -> Vec<Note> {
    let warn = |node: Option<&NodeName>, text: String| note(Level::Warning, node, text);
    let mut notes = Vec::new();
    if let Some(volume) = view.cluster.volume.filter(|_| !bricks.is_empty()) {
        let left = (volume.replica as usize).saturating_sub(bricks.len());
        match left {
            _ if volume.sets() > 1 => {}
            1 => notes.push(warn(None, "one copy is left: with its node, the data is gone".to_owned())),
            2 => notes.push(warn(
                None,
                "two copies are left: when they lose sight of each other they can come to differ (split-brain)"
                    .to_owned(),
            )),
            _ => {}
        }
        if volume.sets() == 1 && volume.replica == 2 && all.iter().any(|one| one.facts.is_none()) {
            let text = "what was written only on the dead one, while the other was away, is lost; nobody can tell";
            notes.push(warn(None, text.to_owned()));
        }
    }
    for one in all {
        let node = Some(one.node());
        if !one.leaver.services.is_empty() {
            let services: Vec<_> = one.leaver.services.iter().map(|service| service.key()).collect();
            notes.push(note(Level::Info, node, format!("it goes on with: {}", services.join(", "))));
        }
        let own = [one.leaver.member.peer_name.as_str(), one.leaver.member.node.as_str()];
        let from =
            |source: &str| own.iter().any(|name| source.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')));
        let through =
            view.clients.iter().filter(|(_, facts)| facts.mount.mounted.iter().any(|(_, source)| from(source)));
        for (client, _) in through {
            let text = format!("it has mounted the volume through {}, and goes on with the others", one.node());
            notes.push(note(Level::Info, Some(&client.node), text));
        }
        if one.facts.is_some() && !view.request.wipe && !one.bricks.is_empty() {
            let text = format!("its copy stays in {}; `--wipe` deletes it", view.spec.brick_path);
            notes.push(note(Level::Info, node, text));
        }
        if one.facts.is_none() {
            let text = "if it comes back it believes to be a member: `remove .. --wipe` empties it";
            notes.push(note(Level::Info, node, text));
        }
    }
    notes
}
