//! Nodes that leave: what must hold before, and how they go. The inventory does not name them as members any more, so
//! that a removal that was cut short is finished by the next run.

use std::collections::BTreeSet;

use crate::facts::Seen;
use crate::model::NodeName;
use crate::plan::{Level, Note, Plan, Refusal, Stage};
use crate::services::glusterfs::facts::{Brick, NodeFacts, Peer, Volume, VolumeStatus};
use crate::services::glusterfs::plan::build::{With, add, names, note, refuse, stage, task};
use crate::services::glusterfs::plan::view::View;
use crate::services::glusterfs::plan::{mount, mount_unit, pool};
use crate::services::glusterfs::spec::{Leaver, Member};

/// A node on its way out.
struct Leaving<'a> {
    leaver: &'a Leaver,
    facts: Option<&'a NodeFacts>,
    /// Why it could not be looked at.
    unknown: &'a str,
    /// As the pool knows it, while it does.
    peer: Option<&'a Peer>,
    bricks: Vec<&'a Brick>,
}

impl<'a> Leaving<'a> {
    fn of(view: &View<'a>, leaver: &'a Leaver, seen: Option<&'a Seen<NodeFacts>>) -> Self {
        let (facts, unknown) = match seen {
            Some(Seen::Known(facts)) => (Some(facts), ""),
            Some(Seen::Unknown(why)) => (None, why.as_str()),
            None => (None, "it was not looked at"),
        };
        let own = facts.and_then(|facts| facts.daemon.uuid.as_deref());
        let mut peers = view.cluster.peers.values().copied();
        let peer = peers.find(|peer| own.map_or(pool::named(&leaver.member, &peer.names), |uuid| uuid == peer.uuid));
        let bricks = view.cluster.volume.iter().flat_map(|volume| &volume.bricks);
        let bricks = bricks.filter(|brick| peer.is_some_and(|peer| peer.uuid == brick.host)).collect();
        Self { leaver, facts, unknown, peer, bricks }
    }

    fn node(&self) -> &'a NodeName {
        &self.leaver.member.node
    }

    fn mounts(&self, view: &View<'_>) -> bool {
        let stays = view.spec.clients.iter().any(|client| client.node == *self.node());
        let mount = self.facts.map(|facts| &facts.mount);
        !stays
            && mount.is_some_and(|mount| {
                mount.holds(&view.spec.volume)
                    || mount.unit.is_some()
                    || mount.fstab.iter().any(|line| is_gluster(line))
            })
    }

    fn stores(&self) -> bool {
        self.facts.is_some_and(|facts| {
            let brick =
                !facts.brick.content.is_empty() || facts.brick.has_glusterfs || !facts.brick.volume_ids.is_empty();
            facts.daemon.active || facts.daemon.uuid.is_some() || !facts.daemon.fresh() || brick
        })
    }
}

fn is_gluster(line: &str) -> bool {
    line.split_whitespace().nth(2) == Some("glusterfs")
}

/// Everything that is still to be done for nodes to be gone, or all reasons why they may not go. Nothing where they are.
pub(super) fn plan(view: &View<'_>, coordinator: &Member) -> Result<Option<Plan>, Vec<Refusal>> {
    let all: Vec<_> = view.leaving.iter().map(|(leaver, seen)| Leaving::of(view, leaver, *seen)).collect();
    let left = |one: &Leaving<'_>| one.peer.is_some() || one.mounts(view) || view.request.wipe && one.stores();
    if !all.iter().any(left) {
        return Ok(None);
    }
    let mut refusals: Vec<_> = all.iter().flat_map(|one| away(view, one)).collect();
    refusals.extend(others(view, &all));
    let bricks: Vec<&Brick> = all.iter().flat_map(|one| one.bricks.iter().copied()).collect();
    if let Some(volume) = view.cluster.volume.filter(|_| !bricks.is_empty()) {
        refusals.extend(copies(view, volume, &bricks, &all));
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let mut plan = Plan::default();
    add(&mut plan, leave(view, &all));
    if let Some(volume) = view.cluster.volume.filter(|_| !bricks.is_empty()) {
        add(&mut plan, shrink(coordinator, volume, &bricks, &all));
    }
    add(&mut plan, detach(view, coordinator, &all));
    add(&mut plan, wipe(view, &all));
    add(&mut plan, mount::plan(view, mount::at_boot(view)));
    plan.notes = notes(view, &all, &bricks);
    Ok(Some(plan))
}

// Whoever cannot be asked may still have what is missed elsewhere.
fn away(view: &View<'_>, one: &Leaving<'_>) -> Vec<Refusal> {
    let node = Some(one.node());
    let dead = view.request.dead.contains(one.node());
    if let Some(facts) = one.facts {
        let foreign = facts.daemon.stored_peers.iter().any(|uuid| !view.cluster.uuids.contains(uuid.as_str()));
        if view.request.wipe && one.peer.is_none() && foreign {
            let what = "it has peers that this cluster does not know: what it stores may be needed there";
            return vec![refuse(node, what, "take it out of its own cluster first, or run without `--wipe`")];
        }
        let remedy = "leave out `--confirm-dead`: it is taken out while it answers";
        return if dead { vec![refuse(node, "it is said to be dead, and answers", remedy)] } else { Vec::new() };
    }
    if !dead {
        return vec![refuse(
            node,
            format!("it cannot be looked at: {}", one.unknown),
            format!("bring it back; if it never will be, say so: `--confirm-dead {}`", one.node()),
        )];
    }
    let uuid = one.peer.map(|peer| peer.uuid.as_str());
    let sees = |facts: &NodeFacts| {
        facts.pool.answer().into_iter().flatten().any(|peer| Some(peer.uuid.as_str()) == uuid && peer.connected)
    };
    let seeing = names(view.known.iter().filter(|(_, facts)| sees(facts)).map(|(member, _)| &member.node));
    if seeing.is_empty() {
        return Vec::new();
    }
    let what = format!("it is said to be dead, and {seeing} see it connected");
    vec![refuse(node, what, "wait a minute if it has just been lost; if it runs, mend the way to it instead")]
}

// All that stay must be there: what happens now, happens on their word.
fn others(view: &View<'_>, all: &[Leaving<'_>]) -> Vec<Refusal> {
    let unknown = view.unknown.iter().map(|(member, why)| {
        let what = format!("nobody leaves while this member cannot be looked at: {why}");
        refuse(Some(&member.node), what, "mend what its error says, then run again")
    });
    let leaves = |uuid: &str| all.iter().any(|one| one.peer.is_some_and(|peer| peer.uuid == uuid));
    let loose = view.known.iter().flat_map(|(member, facts)| {
        let peers = facts.pool.answer().into_iter().flatten();
        peers.filter(|peer| !peer.settled() && !leaves(&peer.uuid)).map(|peer| (*member, peer))
    });
    let loose = loose.map(|(member, peer)| {
        let what = format!("it sees peer `{}` as \"{}\"", peer.names.join("/"), peer.state_text);
        refuse(
            Some(&member.node),
            what,
            "nobody leaves while those that stay do not see each other; run again in a moment",
        )
    });
    let elsewhere = view.cluster.disagree.iter().filter(|(node, _)| all.iter().all(|one| one.node() != *node));
    let elsewhere = elsewhere
        .map(|(node, what)| refuse(Some(node), what.clone(), "run again in a moment, or compare `gluster pool list`"));
    unknown.chain(loose).chain(elsewhere).collect()
}

// The copies that stay: enough of them, all there, all complete.
fn copies(view: &View<'_>, volume: &Volume, leaving: &[&Brick], all: &[Leaving<'_>]) -> Vec<Refusal> {
    let none = |what: String, remedy: &str| vec![refuse(None, what, remedy)];
    if volume.status != VolumeStatus::Started {
        return none(format!("volume `{}` is not started", volume.name), "start it (`bricklayer up`), and run again");
    }
    if volume.arbiter > 0 || volume.disperse > 0 {
        return none(
            format!("volume `{}` has arbiter or disperse bricks, which are not handled yet", volume.name),
            "see `gluster volume remove-brick`",
        );
    }
    if leaving.len() >= volume.bricks.len() {
        return none("these are all copies there are".to_owned(), "the last one is never removed; add a node first");
    }
    let stay: Vec<&Brick> = volume.bricks.iter().filter(|brick| !leaving.contains(brick)).collect();
    let runs = |brick: &Brick| {
        let on = view.known.iter().find(|(_, facts)| facts.daemon.uuid.as_deref() == Some(&brick.host));
        on.is_some_and(|(_, facts)| facts.runs_brick(&volume.name, &brick.path))
    };
    let mut refusals: Vec<_> = stay
        .iter()
        .filter(|brick| !runs(brick))
        .map(|brick| {
            let what = format!("brick {} stays, and does not run", brick.name);
            refuse(None, what, "a copy leaves only while all others are there; `bricklayer up` starts it")
        })
        .collect();
    refusals.extend(whole_sets(volume, leaving, all));
    let lost = |brick: &Brick| all.iter().any(|one| one.facts.is_none() && one.bricks.contains(&brick));
    if volume.replica > 1 {
        refusals.extend(complete(view, volume, &lost));
    }
    refusals
}

// Of several sets, only whole ones can be emptied, and only by those who have them.
fn whole_sets(volume: &Volume, leaving: &[&Brick], all: &[Leaving<'_>]) -> Vec<Refusal> {
    if volume.sets() < 2 {
        return Vec::new();
    }
    let mut refusals = Vec::new();
    for set in volume.bricks.chunks(volume.replica.max(1) as usize) {
        let stay: Vec<_> =
            set.iter().filter(|brick| !leaving.contains(brick)).map(|brick| brick.name.as_str()).collect();
        if !stay.is_empty() && stay.len() < set.len() {
            let what = format!("its replica set has bricks that stay: {}", stay.join(", "));
            refusals.push(refuse(
                None,
                what,
                "sets leave as a whole: name all nodes of the set, or put another in the place",
            ));
        }
    }
    for one in all.iter().filter(|one| one.facts.is_none() && !one.bricks.is_empty()) {
        let what = "of several replica sets, files are moved off those that leave, and it is not there";
        refusals.push(refuse(Some(one.node()), what, "put another node in its place (`gluster volume replace-brick`)"));
    }
    refusals
}

// What is missing on the dead ones is missing there alone; the step before the removal compares it file by file.
fn complete(view: &View<'_>, volume: &Volume, lost: &dyn Fn(&Brick) -> bool) -> Vec<Refusal> {
    let remedy = "wait for the heal (`bricklayer status`), and run again";
    let heal = view.known.iter().find_map(|(_, facts)| facts.heal.as_deref());
    let Some(heal) = heal else {
        let what = format!("what is to be healed in `{}` is not known", volume.name);
        return vec![refuse(None, what, "see `gluster volume heal VOLUME info`, and run again")];
    };
    let dead: BTreeSet<&str> =
        volume.bricks.iter().filter(|brick| lost(brick)).map(|brick| brick.name.as_str()).collect();
    let mut refusals = Vec::new();
    // Where gluster cannot reach a brick it may give it another name, but always in the order of the volume.
    for (brick, found) in volume.bricks.iter().zip(heal).filter(|(brick, _)| !dead.contains(brick.name.as_str())) {
        match found.entries {
            Some(0) if found.connected => {}
            Some(left) if found.connected && !dead.is_empty() && left > 0 => {}
            Some(left) if found.connected => {
                refusals.push(refuse(None, format!("{left} entries on {} are to be healed first", brick.name), remedy));
            }
            _ => refusals.push(refuse(None, format!("brick {} is not connected", brick.name), remedy)),
        }
    }
    refusals
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
    let remove = task("remove-brick", &on.node, why)
        .with("volume", volume.name.as_str())
        .with("replica", replica)
        .with("bricks", bricks.iter().map(|brick| brick.name.clone()).collect::<Vec<_>>())
        .with("before", volume.bricks.len())
        .with("replica_before", volume.replica)
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
    let why = format!("{} leave the pool", names(gone.iter().map(|(node, _)| *node)));
    let size = view.cluster.uuids.len() - gone.len();
    let detach =
        task("detach", &on.node, why).with("peers", gone.into_iter().map(|(_, name)| name).collect::<Vec<_>>());
    let stay = view.known.iter().filter(|(_, facts)| view.cluster.has(facts));
    let settled = stay
        .map(|(member, _)| task("settled", &member.node, "those that stay must agree").with("size", size))
        .collect();
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
