//! Who takes whose place: a member that of one that leaves, or its own, where it has lost its brick or was reinstalled.

use crate::model::NodeName;
use crate::plan::{Level, Note, Plan, Refusal, Stage, Then};
use crate::services::glusterfs::facts::{Brick, NodeFacts, Peer, Volume, VolumeStatus};
use crate::services::glusterfs::plan::build::{With, add, names, note, refuse, stage, task};
use crate::services::glusterfs::plan::change::{Change, Growth};
use crate::services::glusterfs::plan::leaver::{self, Leaving};
use crate::services::glusterfs::plan::leaving;
use crate::services::glusterfs::plan::view::View;
use crate::services::glusterfs::plan::{disk, pool, prepare};
use crate::services::glusterfs::spec::Member;

/// One that leaves has a brick, and somebody is to take its place.
pub(super) fn moving<'a>(view: &View<'a>) -> Option<(Leaving<'a>, &'a NodeName)> {
    let all = leaver::all(view).into_iter().filter(|one| !one.bricks.is_empty());
    all.filter_map(|one| Some((view.request.places.get(one.node())?, one))).map(|(new, one)| (one, new)).next()
}

/// The growth that puts one in the place of another. One at a time, so that all others of a set are complete.
pub(super) fn growth<'a>(view: &View<'a>) -> Result<Option<Growth<'a>>, Vec<Refusal>> {
    let (Some((one, new)), Some(volume)) = (moving(view), view.cluster.volume) else { return Ok(None) };
    let Some((by, facts)) = view.known.iter().find(|(member, _)| member.node == *new) else {
        return Err(vec![unseen(new)]);
    };
    let brick = one.bricks[0];
    let runs = |facts: &NodeFacts| facts.runs_brick(&volume.name, &brick.path);
    let lost = !one.facts.is_some_and(runs);
    let mut refusals = leaving::away(view, &one);
    if one.bricks.len() > 1 {
        let what = format!("it has {} bricks of `{}`: only one can be put on {new}", one.bricks.len(), volume.name);
        let remedy = "give them to several nodes by `gluster volume replace-brick`, one after the other";
        refusals.push(refuse(Some(one.node()), what, remedy));
    }
    if volume.bricks.iter().any(|brick| facts.daemon.uuid.as_deref() == Some(&brick.host)) && view.cluster.has(facts) {
        let what = format!("it has a brick of `{}` already: two copies would be on one host", volume.name);
        refusals.push(refuse(Some(new), what, "name a node that has none"));
    }
    if volume.replica == 1 {
        refusals.push(only_copy(&one, new));
    } else {
        refusals.extend(complete(view, volume, brick, lost));
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let probes = if view.cluster.has(facts) { Vec::new() } else { vec![*by] };
    let change = Change::Replace { brick, by, lost };
    Ok(Some(Growth { probes, change, later: Vec::new(), notes: notes(view, volume, &one, by) }))
}

fn unseen(node: &NodeName) -> Refusal {
    let refusal = refuse(Some(node), "nothing takes a place while it cannot be looked at", "mend what its error says");
    Refusal { unreachable: true, ..refusal }
}

fn only_copy(one: &Leaving<'_>, new: &NodeName) -> Refusal {
    let old = one.node();
    if one.facts.is_none() {
        let remedy = "bring it back, or put back what you have saved elsewhere";
        return refuse(
            Some(old),
            "the only copy of what its brick holds is there: no other can fill the place",
            remedy,
        );
    }
    let remedy = format!(
        "`bricklayer add --service glusterfs --host {new}` first, and when that is complete `remove --host {old}`"
    );
    refuse(Some(old), "its brick is the only copy, and nothing is filled from a brick that leaves", remedy)
}

/// The bricks that stay of the set of this one, in the order of the volume.
pub(super) fn beside<'a>(volume: &'a Volume, brick: &Brick) -> Vec<&'a Brick> {
    let mut sets = volume.bricks.chunks(volume.replica.max(1) as usize);
    let set = sets.find(|set| set.contains(brick)).unwrap_or_default();
    set.iter().filter(|other| *other != brick).collect()
}

// All others of the set are there and have everything: from them the place is filled.
fn complete(view: &View<'_>, volume: &Volume, brick: &Brick, lost: bool) -> Vec<Refusal> {
    if volume.status != VolumeStatus::Started {
        let what = format!("volume `{}` is not started", volume.name);
        return vec![refuse(None, what, "start it (`bricklayer up`), and run again")];
    }
    if volume.disperse > 0 {
        let what = format!("volume `{}` is dispersed, which is not handled yet", volume.name);
        return vec![refuse(None, what, "see `gluster volume replace-brick`")];
    }
    let stay = beside(volume, brick);
    let mut refusals: Vec<_> = stay
        .iter()
        .filter(|brick| !view.runs(volume, brick))
        .map(|brick| {
            let remedy = "a place is filled only while all others of its set are there; `bricklayer up` starts it";
            refuse(None, format!("brick {} stays, and does not run", brick.name), remedy)
        })
        .collect();
    if stay.iter().all(|brick| brick.arbiter) {
        let what = "only arbiters stay of its set, which hold names and no data";
        refusals.push(refuse(None, what, "bring a brick with data back first"));
    }
    refusals.extend(leaving::complete(view, volume, &|one| lost && one == brick));
    refusals
}

/// A member that has a brick of the set, where the command is run: it knows what the others of the set miss.
pub(super) fn neighbour<'a>(view: &View<'a>, volume: &Volume, brick: &Brick) -> Option<&'a Member> {
    let stay = beside(volume, brick);
    let has = |facts: &NodeFacts| stay.iter().any(|brick| facts.daemon.uuid.as_deref() == Some(&brick.host));
    view.known.iter().find(|(_, facts)| has(facts)).map(|(member, _)| *member)
}

fn notes(view: &View<'_>, volume: &Volume, one: &Leaving<'_>, by: &Member) -> Vec<Note> {
    let old = Some(one.node());
    let copies = beside(volume, one.bricks[0]).iter().filter(|brick| !brick.arbiter).count();
    let full = if copies == 1 { "one complete copy".to_owned() } else { format!("{copies} complete copies") };
    let text =
        format!("{} takes its place in `{}`; until it is filled there is {full} beside it", by.node, volume.name);
    let mut notes = vec![note(if copies == 1 { Level::Warning } else { Level::Info }, old, text)];
    if one.facts.is_none() && copies == 1 {
        let text = "what was written only there, while the other was away, is lost; nobody can tell";
        notes.push(note(Level::Warning, old, text));
    }
    if !one.leaver.services.is_empty() {
        let others: Vec<_> = one.leaver.services.iter().map(|service| service.key()).collect();
        notes.push(note(Level::Info, old, format!("it keeps its other services: {}", others.join(", "))));
    }
    if one.facts.is_some() && !view.request.wipe {
        let text = format!("its copy stays in {}; `--wipe` deletes it", one.bricks[0].path);
        notes.push(note(Level::Info, old, text));
    }
    notes
}

/// What is still to be done where a member takes its own place, or the place of another is being filled; or why it may not.
/// Nothing where neither is so.
pub(super) fn plan(view: &View<'_>, coordinator: &Member) -> Result<Option<Plan>, Vec<Refusal>> {
    for (old, new) in &view.request.places {
        let member = view.spec.members.iter().find(|member| member.node == *new);
        let seen = view.known.iter().find(|(member, _)| member.node == *new);
        let (Some(member), Some((_, facts))) = (member, seen) else { return Err(vec![unseen(new)]) };
        if old != new {
            if let Some(stage) = filling(view, coordinator, old, facts) {
                let open = format!("{old} leaves once its place is filled");
                return Ok(Some(Plan { stages: vec![stage], open: Some(open), ..Plan::default() }));
            }
        } else if let Some(peer) = view.forgotten(member, facts) {
            return rejoin(view, member, facts, peer).map(Some);
        } else if let Some((volume, brick)) = lost(view, facts) {
            return refill(view, coordinator, member, (volume, brick)).map(Some);
        }
    }
    Ok(None)
}

// Only the heal is left: whoever leaves keeps its copy until then.
fn filling(view: &View<'_>, on: &Member, old: &NodeName, new: &NodeFacts) -> Option<Stage> {
    let volume = view.cluster.volume.filter(|volume| volume.replica > 1)?;
    let one = leaver::all(view).into_iter().find(|one| one.node() == old && one.bricks.is_empty())?;
    one.peer?;
    volume.bricks.iter().find(|brick| new.daemon.uuid.as_deref() == Some(&brick.host))?;
    let heal = view.known.iter().find_map(|(_, facts)| facts.heal.as_deref());
    let done = heal.is_some_and(|heal| heal.iter().all(|brick| brick.connected && brick.entries == Some(0)));
    (!done).then(|| healed(on, volume))
}

fn healed(on: &Member, volume: &Volume) -> Stage {
    let wait = task("healed", &on.node, "a copy counts when it is complete").with("volume", volume.name.as_str());
    Stage { then: Then::LookAgain, ..stage("heal", "Wait until the place is filled", vec![vec![wait]]) }
}

// With its old UUID and the list of its peers it is the member that it was, and asks the others for the volumes.
fn rejoin(view: &View<'_>, member: &Member, facts: &NodeFacts, peer: &Peer) -> Result<Plan, Vec<Refusal>> {
    let node = Some(&member.node);
    let mut refusals = pool::gate(view);
    let uuid = Some(peer.uuid.as_str());
    if let Some((other, _)) =
        view.known.iter().find(|(other, facts)| other.node != member.node && facts.daemon.uuid.as_deref() == uuid)
    {
        let what = format!("{} has the UUID that the pool knows it by", other.node);
        refusals.push(refuse(node, what, "compare `gluster pool list` and `gluster system:: uuid get` on all nodes"));
    }
    let id = facts.brick.own_id(&view.spec.brick_path);
    if let (Some(id), Some(volume)) = (id, view.cluster.volume)
        && id != volume.id
    {
        let what = format!("`{}` is a brick of another volume, {id}", view.spec.brick_path);
        refusals.push(refuse(node, what, "move it away, or choose another `brick_path`"));
    }
    let op_version = view.known.iter().filter(|(_, facts)| view.cluster.has(facts));
    let op_version = op_version.filter_map(|(_, facts)| facts.daemon.op_version).max();
    let Some(op_version) = op_version else {
        refusals.push(refuse(node, "nobody says which op-version the pool has", "run again when another member runs"));
        return Err(refusals);
    };
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let mut plan = Plan::default();
    add(&mut plan, prepare::plan(view, &Growth::default()));
    let why = format!("the pool knows it as {}, and it has forgotten that", peer.uuid);
    let rejoin = task("rejoin", &member.node, why)
        .with("uuid", peer.uuid.as_str())
        .with("op_version", op_version)
        .with("peers", others(view, &peer.uuid))
        .with("volume", view.cluster.volume.map_or("", |volume| &volume.name))
        .with("version", view.cluster.version)
        .with("bricks", view.cluster.volume.map_or(0, |volume| volume.bricks.len()));
    let doc = "Make a reinstalled node the member that it was";
    let members = view.known.iter().filter(|(other, facts)| view.cluster.has(facts) || other.node == member.node);
    let size = view.cluster.uuids.len();
    let settled = members.map(|(member, _)| pool::settled(&member.node, size, 0, "all must see each other again"));
    let waves = vec![vec![rejoin], settled.collect()];
    add(&mut plan, Stage { then: Then::LookAgain, ..stage("rejoin", doc, waves) });
    plan.open = Some("what it lacks else is known once it is a member again".to_owned());
    Ok(plan)
}

// UUID and name of each, in turn. Of two members nobody but the lost one knew the name of the other.
fn others(view: &View<'_>, lost: &str) -> Vec<String> {
    let told = view.cluster.peers.values().filter(|peer| peer.uuid != lost);
    let told = told.filter_map(|peer| Some([peer.uuid.clone(), peer.names.first()?.clone()]));
    let untold = view.known.iter().filter(|(_, facts)| view.cluster.has(facts)).filter_map(|(member, facts)| {
        let uuid = facts.daemon.uuid.as_deref().filter(|uuid| !view.cluster.peers.contains_key(uuid))?;
        Some([uuid.to_owned(), member.peer_name.clone()])
    });
    told.chain(untold).flatten().collect()
}

/// The brick of the volume that a member of the pool has no more: neither files nor marks are where it was.
pub(super) fn lost<'a>(view: &View<'a>, facts: &NodeFacts) -> Option<(&'a Volume, &'a Brick)> {
    let volume = view.cluster.volume?;
    let path = &view.spec.brick_path;
    let own = |brick: &&Brick| facts.daemon.uuid.as_deref() == Some(&brick.host) && brick.path == *path;
    let brick = volume.bricks.iter().find(own)?;
    let dir = &facts.brick;
    let gone = !dir.has_glusterfs && dir.content.is_empty() && dir.own_id(path).is_none();
    (gone && !facts.runs_brick(&volume.name, path)).then_some((volume, brick))
}

/// Bricks that are gone: nobody but a person can tell a disk that is lost from one that is not mounted.
pub(super) fn check(view: &View<'_>) -> Vec<Refusal> {
    let gone = view.touched().filter(|(member, facts)| {
        view.cluster.has(facts) && view.request.places.get(&member.node) != Some(&member.node)
    });
    gone.filter_map(|(member, facts)| {
        let (volume, brick) = lost(view, facts)?;
        let what = format!("nothing is left where its brick of `{}` was, {}", volume.name, brick.path);
        let node = &member.node;
        let remedy = match volume.replica {
            1 => "mount its disk if that is what is missing; there is no other copy of what it held".to_owned(),
            _ => format!(
                "mount its disk if that is what is missing; if it is lost, `bricklayer replace --service glusterfs --old \
                 {node} --new {node}` fills an empty one from the other copies"
            ),
        };
        Some(refuse(Some(node), what, remedy))
    })
    .collect()
}

fn refill(view: &View<'_>, on: &Member, member: &Member, at: (&Volume, &Brick)) -> Result<Plan, Vec<Refusal>> {
    let (volume, brick) = at;
    let mut plan = Plan::default();
    if prepare::wakes(view) {
        add(&mut plan, prepare::plan(view, &Growth::default()));
        plan.open = Some("its brick is made anew once its glusterd runs".to_owned());
        return Ok(plan);
    }
    let mut refusals = pool::gate(view);
    if volume.replica == 1 {
        let what = "its brick was the only copy: there is nothing to fill a new one from";
        refusals.push(refuse(Some(&member.node), what, "put back what you have saved elsewhere"));
    } else {
        refusals.extend(complete(view, volume, brick, true));
    }
    let facts = view.facts(&member.node).filter(|facts| disk::comes(facts));
    refusals.extend(facts.iter().flat_map(|facts| disk::check_anew(view, member, facts)));
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let disk = facts.and_then(|facts| disk::prepare(view, member, facts));
    plan.notes.extend(facts.and_then(|facts| disk::made(view, member, facts)));
    add(&mut plan, stage("prepare", "Make the disk of the brick", vec![disk.into_iter().collect()]));
    let stay: Vec<_> = beside(volume, brick).iter().map(|brick| brick.name.clone()).collect();
    let reset = task("reset-brick", &member.node, "its brick is gone; a new one is filled from the other copies")
        .with("volume", volume.name.as_str())
        .with("brick", brick.name.as_str())
        .with("path", brick.path.as_str())
        .with("stay", stay);
    add(&mut plan, stage("reset", "Put an empty brick where the lost one was", vec![vec![reset]]));
    add(&mut plan, healed(on, volume));
    plan.open = Some("what it lacks else is known when its brick is filled".to_owned());
    let list = names([&member.node]);
    let text = format!("an empty brick is put on {list}, and filled from {} others", volume.replica - 1);
    plan.notes.push(note(Level::Info, None, text));
    Ok(plan)
}
