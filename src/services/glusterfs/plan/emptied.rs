//! A node that was a member before still has its old brick, and perhaps what glusterd had stored: deleted before it joins, where a
//! person has said so and no volume needs it.

use crate::plan::{Level, Note, Plan, Refusal, Stage, Then};
use crate::services::glusterfs::facts::{Brick, NodeFacts, Volume};
use crate::services::glusterfs::plan::build::{With, note, refuse, stage, task};
use crate::services::glusterfs::plan::view::View;
use crate::services::glusterfs::spec::Member;

/// Deletes it on all that are to join, or answers why it may not be; nothing where there is nothing to delete.
pub(super) fn plan(view: &View<'_>) -> Result<Option<Plan>, Vec<Refusal>> {
    let asked = view.request.wipe && view.leaving.is_empty() && view.request.places.is_empty();
    let Some(volume) = view.cluster.volume.filter(|_| asked) else { return Ok(None) };
    let held: Vec<_> = view.touched().filter(|(member, facts)| holds(view, member, facts)).collect();
    if held.is_empty() {
        return Ok(None);
    }
    let mut refusals: Vec<_> = held.iter().flat_map(|(member, facts)| needed(view, volume, member, facts)).collect();
    for brick in volume.bricks.iter().filter(|brick| !view.runs(volume, brick)) {
        let what = format!("brick {} does not run: what is deleted might be needed", brick.name);
        refusals.push(refuse(
            None,
            what,
            "old copies are deleted while all bricks are there; `bricklayer up` starts it",
        ));
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let path = view.spec.brick_path.as_str();
    let why = "`--wipe`: it was a member, and what it has kept is deleted before it joins";
    let wipe = |(member, facts): &(&Member, &NodeFacts)| {
        let stale = !facts.daemon.stored_peers.is_empty();
        task("wipe", &member.node, why).with("brick", path).with("stale", stale)
    };
    let doc = "Delete what nodes have kept from when they were members";
    let stage = stage("wipe", doc, vec![held.iter().map(wipe).collect()]);
    Ok(Some(Plan {
        stages: vec![Stage { then: Then::LookAgain, ..stage }],
        open: Some("how they join is known once they are empty".to_owned()),
        notes: held.iter().filter_map(|(member, facts)| deleted(path, member, facts)).collect(),
    }))
}

// An old brick, or what glusterd has stored of a pool that does not know it any more.
fn holds(view: &View<'_>, member: &Member, facts: &NodeFacts) -> bool {
    let dir = &facts.brick;
    let was_brick = dir.own_id(&view.spec.brick_path).is_some() && !dir.empty_trace();
    let stale = view.cluster.stale.contains(&&member.node);
    !view.cluster.has(facts) && (stale || facts.daemon.fresh() && was_brick)
}

// Why it may not be deleted: a volume that is there counts on it, or one that nobody here knows.
fn needed(view: &View<'_>, volume: &Volume, member: &Member, facts: &NodeFacts) -> Vec<Refusal> {
    let (node, path) = (Some(&member.node), &view.spec.brick_path);
    let mut refusals = Vec::new();
    if view.has_strange_peers(facts) {
        let what = "it has peers that this cluster does not know: what it stores may be needed there";
        refusals.push(refuse(node, what, "take it out of its own cluster first"));
    }
    let known = view.volumes();
    let counts = |brick: &Brick| {
        let named = [member.peer_name.as_str(), member.node.as_str()]
            .iter()
            .any(|name| brick.name == format!("{name}:{}", brick.path));
        named || facts.daemon.uuid.as_deref() == Some(&brick.host)
    };
    if let Some(volume) = known.values().find(|volume| volume.bricks.iter().any(counts)) {
        let what = format!("volume `{}` counts on a brick of it", volume.name);
        refusals.push(refuse(node, what, "see `gluster volume info` and `gluster pool list` on the other nodes"));
    }
    if view.forgotten(member, facts).is_some() {
        let what = "it is a member that was reinstalled, and its brick is needed";
        let again = format!("`bricklayer replace --service glusterfs --old {0} --new {0}`", member.node);
        refusals.push(refuse(node, what, format!("{again} makes it the member that it was")));
    }
    let ours = |id: &str| id == volume.id || known.values().any(|volume| volume.id == id);
    if let Some(id) = facts.brick.own_id(path).filter(|id| !ours(id)) {
        let what = format!("`{path}` is a brick of volume {id}, which nobody here knows");
        refusals.push(refuse(node, what, format!("move it away (`mv {path} {path}.old`) when nobody needs it there")));
    }
    refusals
}

fn deleted(path: &str, member: &Member, facts: &NodeFacts) -> Option<Note> {
    let names: Vec<_> = facts.brick.content.iter().map(|name| format!("`{name}`")).collect();
    let text = format!("its old copy in `{path}` is deleted: {}", names.join(", "));
    (!names.is_empty()).then(|| note(Level::Warning, Some(&member.node), text))
}
