//! What must hold before nodes go.

use std::collections::BTreeSet;

use crate::plan::Refusal;
use crate::services::glusterfs::facts::{Brick, NodeFacts, Volume, VolumeStatus};
use crate::services::glusterfs::plan::build::{names, refuse};
use crate::services::glusterfs::plan::leaver::Leaving;
use crate::services::glusterfs::plan::pool;
use crate::services::glusterfs::plan::view::View;

/// All reasons why they may not go.
pub(super) fn check(view: &View<'_>, all: &[Leaving<'_>]) -> Vec<Refusal> {
    let mut refusals: Vec<_> = all.iter().flat_map(|one| away(view, one)).collect();
    refusals.extend(all.iter().flat_map(|one| elsewhere(view, one)));
    refusals.extend(others(view, all));
    let bricks = bricks(all);
    if let Some(volume) = view.cluster.volume.filter(|_| !bricks.is_empty()) {
        refusals.extend(copies(view, volume, &bricks, all));
    }
    refusals
}

/// The bricks of all of them.
pub(super) fn bricks<'a>(all: &[Leaving<'a>]) -> Vec<&'a Brick> {
    all.iter().flat_map(|one| one.bricks.iter().copied()).collect()
}

/// Why one may not go by itself: who cannot be asked may still have what is missed elsewhere.
pub(super) fn away(view: &View<'_>, one: &Leaving<'_>) -> Vec<Refusal> {
    let node = Some(one.node());
    let dead = view.request.dead.contains(one.node());
    if let Some(facts) = one.facts {
        if view.request.wipe && one.peer.is_none() && view.has_strange_peers(facts) {
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

// Bricks of volumes that the inventory does not name: gluster lets go of nobody who has one, and says so when the others are gone.
fn elsewhere(view: &View<'_>, one: &Leaving<'_>) -> Vec<Refusal> {
    let Some(peer) = one.peer else { return Vec::new() };
    let ours = |name: &str| name == view.spec.volume || view.spec.others.iter().any(|other| other == name);
    let mut refusals = Vec::new();
    for (name, volume) in view.volumes().into_iter().filter(|(name, _)| !ours(name)) {
        if volume.bricks.iter().any(|brick| brick.host == peer.uuid) {
            let what = format!("it has a brick of volume `{name}`, of which the inventory says nothing");
            let remedy = format!("take that brick out by hand first: `gluster volume remove-brick {name} ..`");
            refusals.push(refuse(Some(one.node()), what, remedy));
        }
    }
    refusals
}

// All that stay must be there: what happens now, happens on their word.
fn others(view: &View<'_>, all: &[Leaving<'_>]) -> Vec<Refusal> {
    let unknown = view.unknown.iter().map(|(member, why)| {
        let what = format!("nobody leaves while this member cannot be looked at: {why}");
        refuse(Some(&member.node), what, "mend what its error says, then run again")
    });
    let loose = pool::loose(view).filter(|(_, peer)| !pool::comes_back(view, peer)).map(|(member, peer)| {
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
    if volume.disperse > 0 {
        let what = format!("volume `{}` is dispersed, which is not handled yet", volume.name);
        return none(what, "see `gluster volume remove-brick`");
    }
    // Gluster takes the arbiter itself, and nothing else (fact 1.6 of the second sheet).
    if volume.arbiter > 0 && (volume.sets() > 1 || leaving.len() != 1 || !leaving[0].arbiter) {
        let what =
            format!("volume `{}` has arbiters: of its bricks only the arbiter of a single set can leave", volume.name);
        return none(what, "`bricklayer replace` puts another node into the place");
    }
    if leaving.len() >= volume.bricks.len() {
        return none("these are all copies there are".to_owned(), "the last one is never removed; add a node first");
    }
    let stay: Vec<&Brick> = volume.bricks.iter().filter(|brick| !leaving.contains(brick)).collect();
    let mut refusals: Vec<_> = stay
        .iter()
        .filter(|brick| !view.runs(volume, brick))
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

/// Why the bricks that stay may not have everything. What is missing on the lost ones is missing there alone; the step
/// before anything is taken out compares it file by file.
pub(super) fn complete(view: &View<'_>, volume: &Volume, lost: &dyn Fn(&Brick) -> bool) -> Vec<Refusal> {
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
