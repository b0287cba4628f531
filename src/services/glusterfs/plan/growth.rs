//! Who joins the pool, who gets a brick, and with which replica count.

use std::collections::BTreeSet;

use crate::plan::{Level, Note, Refusal};
use crate::services::glusterfs::facts::{NodeFacts, Volume};
use crate::services::glusterfs::plan::build::{names, note, refuse};
use crate::services::glusterfs::plan::change::{Change, Growth};
use crate::services::glusterfs::plan::places;
use crate::services::glusterfs::plan::view::View;
use crate::services::glusterfs::spec::{Member, Replica};

/// What happens to the bricks, who is left for later, what is said of it.
type Bricks<'a> = (Change<'a>, Vec<&'a Member>, Vec<Note>);

/// Decides it, or answers why nothing may grow.
pub(super) fn plan<'a>(view: &View<'a>) -> Result<Growth<'a>, Vec<Refusal>> {
    if let Some(growth) = places::growth(view)? {
        return Ok(growth);
    }
    let probes = joiners(view);
    let (change, later, notes) = match view.cluster.volume {
        Some(volume) => grow(view, volume)?,
        None => create(view)?,
    };
    Ok(Growth { probes, change, later, notes })
}

fn joiners<'a>(view: &View<'a>) -> Vec<&'a Member> {
    let coordinator = view.coordinator().map(|member| &member.node);
    view.touched()
        .filter(|(member, facts)| !view.cluster.has(facts) && Some(&member.node) != coordinator)
        .map(|(member, _)| member)
        .collect()
}

fn create<'a>(view: &View<'a>) -> Result<Bricks<'a>, Vec<Refusal>> {
    let mut members: Vec<_> = view.touched().map(|(member, _)| member).collect();
    let mut notes = Vec::new();
    let replica = match view.spec.replica {
        Replica::Auto => u32::try_from(members.len()).unwrap_or(u32::MAX),
        Replica::Fixed(replica) => {
            let whole = members.len() - members.len() % replica.max(1) as usize;
            if whole == 0 {
                return Err(vec![refuse(
                    None,
                    format!("`replica_count: {replica}` needs {replica} nodes, and there are {}", members.len()),
                    "bring the missing nodes up, or lower `replica_count` in the inventory",
                )]);
            }
            notes.extend(waiting(&members.split_off(whole), replica));
            notes.extend(arbiters(view, &members));
            replica
        }
    };
    notes.extend(advice(view.spec.replica, replica));
    Ok((Change::Create { replica, members }, Vec::new(), notes))
}

fn grow<'a>(view: &View<'a>, volume: &Volume) -> Result<Bricks<'a>, Vec<Refusal>> {
    let has_brick =
        |facts: &NodeFacts| volume.bricks.iter().any(|brick| facts.daemon.uuid.as_deref() == Some(&brick.host));
    let mut new: Vec<_> = view
        .touched()
        .filter(|(_, facts)| facts.daemon.fresh() || !has_brick(facts))
        .map(|(member, _)| member)
        .collect();
    let mut notes = surplus(view, volume);
    if new.is_empty() {
        notes.extend(short(view.spec.replica, volume, &new));
        notes.extend(advice(view.spec.replica, volume.replica));
        return Ok((Change::None, Vec::new(), notes));
    }
    shape(view, volume)?;
    // With several replica sets, `auto` keeps their size: a raise would need a new brick for every set at once.
    let target = match view.spec.replica {
        Replica::Auto if volume.sets() == 1 => {
            // A copy for each member: one on a node that is none any more has its place taken, or is taken out.
            let members = u32::try_from(view.spec.members.len()).unwrap_or(u32::MAX);
            let more = u32::try_from(new.len()).unwrap_or_default();
            let target = (volume.replica + more).min(members.max(volume.replica));
            if target == volume.replica {
                notes.push(full(&new, volume.replica));
                return Ok((Change::None, Vec::new(), notes));
            }
            target
        }
        Replica::Auto => volume.replica,
        Replica::Fixed(target) => target,
    };
    let missing = target.saturating_sub(volume.replica);
    let (raise, replica) = match missing {
        0 => (Vec::new(), volume.replica),
        n if new.len() >= n as usize * volume.sets() => {
            // Of several sets, one copy each at a time: gluster gives the new bricks to the sets in turn (seen on 10.3).
            let now = if volume.sets() == 1 { n.min(volume.replica) } else { 1 };
            (new.drain(..now as usize * volume.sets()).collect(), volume.replica + now)
        }
        _ => {
            notes.extend(short(view.spec.replica, volume, &new));
            return Ok((Change::None, Vec::new(), notes));
        }
    };
    // Never more empty copies than complete ones at a time: every quorum of the copies has a complete one in it then.
    // Otherwise, with the complete ones gone, the empty ones would serve, and what is written to them is at odds with
    // what the others have (seen when the power was cut).
    if replica < target {
        notes.extend(advice(view.spec.replica, target));
        return Ok((Change::Grow { raise, replica, extend: Vec::new() }, new, notes));
    }
    if adds_arbiter(view, volume, replica) {
        notes.extend(raise.iter().map(|member: &&Member| {
            note(Level::Info, None, format!("{} holds names, and no data (arbiter)", member.node))
        }));
    } else if view.spec.arbiter > volume.arbiter && volume.replica >= 3 {
        let text = "the volume has three full copies, of which gluster makes no arbiter; it is left as it is";
        notes.push(note(Level::Info, None, text));
    }
    let whole = if replica > target { 0 } else { new.len() - new.len() % replica as usize };
    notes.extend(waiting(&new.split_off(whole), replica));
    notes.extend(if volume.arbiter > 0 { arbiters(view, &new) } else { None });
    notes.extend(advice(view.spec.replica, replica));
    let change =
        if raise.is_empty() && new.is_empty() { Change::None } else { Change::Grow { raise, replica, extend: new } };
    Ok((change, Vec::new(), notes))
}

// Shapes that bricks cannot simply be added to.
fn shape(view: &View<'_>, volume: &Volume) -> Result<(), Vec<Refusal>> {
    let wanted = view.spec.replica;
    let what = if volume.disperse > 0 {
        "is dispersed"
    } else if volume.arbiter > view.spec.arbiter {
        "has arbiters, and the inventory wants none"
    } else if volume.replica == 1 && volume.bricks.len() > 1 && wanted != Replica::Fixed(1) {
        "is distributed without replicas"
    } else {
        return Ok(());
    };
    Err(vec![refuse(
        None,
        format!("volume `{}` {what}: it cannot be grown by adding one brick for each node", volume.name),
        "add bricks by hand with `gluster volume add-brick`, or take `glusterfs: true` off the new nodes",
    )])
}

// The last of each three holds names, no data.
fn arbiters(view: &View<'_>, members: &[&Member]) -> Option<Note> {
    let thirds: Vec<_> = members.iter().skip(2).step_by(3).map(|member| &member.node).collect();
    (view.spec.arbiter > 0 && !thirds.is_empty())
        .then(|| note(Level::Info, None, format!("{} holds names, and no data (arbiter)", names(thirds))))
}

/// Is this add-brick the one that makes two copies two copies and an arbiter?
pub(super) fn adds_arbiter(view: &View<'_>, volume: &Volume, replica: u32) -> bool {
    view.spec.arbiter > volume.arbiter && (volume.replica, replica) == (2, 3)
}

fn waiting(members: &[&Member], replica: u32) -> Option<Note> {
    let list = names(members.iter().map(|member| &member.node));
    (!members.is_empty()).then(|| {
        let text = format!(
            "{list} waits for company: bricks are added {replica} at a time, so that every file has {replica} copies"
        );
        note(Level::Info, None, text)
    })
}

fn full(new: &[&Member], replica: u32) -> Note {
    let text = format!(
        "{} gets no brick: there are {replica} copies for as many members, some on a node that is none; \
         `bricklayer replace --service glusterfs --old NODE --new {}` puts one into its place",
        names(new.iter().map(|member| &member.node)),
        new[0].node
    );
    note(Level::Warning, None, text)
}

// More copies are wanted than can be had.
fn short(wanted: Replica, volume: &Volume, new: &[&Member]) -> Option<Note> {
    let Replica::Fixed(wanted) = wanted else { return None };
    let missing = wanted.checked_sub(volume.replica).filter(|missing| *missing > 0)? as usize;
    let more = (missing * volume.sets()).saturating_sub(new.len());
    let each = if volume.sets() > 1 { ", one for each copy of each replica set" } else { "" };
    let need = format!("{more} more node{} needed{each}", if more == 1 { " is" } else { "s are" });
    let idle = match new {
        [] => String::new(),
        new => format!("; until then no brick for {}", names(new.iter().map(|member| &member.node))),
    };
    let text = format!("the volume has {} copies and the inventory wants {wanted}: {need}{idle}", volume.replica);
    Some(note(Level::Warning, None, text))
}

// Law 7: `up` never shrinks; what is more than wanted is said.
fn surplus(view: &View<'_>, volume: &Volume) -> Vec<Note> {
    let mut notes = Vec::new();
    let ours: BTreeSet<&str> = view.known.iter().filter_map(|(_, facts)| facts.daemon.uuid.as_deref()).collect();
    if view.unknown.is_empty() {
        for brick in volume.bricks.iter().filter(|brick| !ours.contains(brick.host.as_str())) {
            let text = format!("brick `{}` is on no node of the inventory; `remove` would take it out", brick.name);
            notes.push(note(Level::Warning, None, text));
        }
    }
    if let Replica::Fixed(wanted) = view.spec.replica
        && wanted < volume.replica
    {
        let text = format!(
            "the volume has {} copies and the inventory wants {wanted}; `up` never shrinks, `bricklayer remove --service \
                 glusterfs --host NODE` takes a copy out",
            volume.replica
        );
        notes.push(note(Level::Warning, None, text));
    }
    notes
}

fn advice(wanted: Replica, replica: u32) -> Option<Note> {
    match (wanted, replica) {
        (_, 1) => Some(note(Level::Warning, None, "one copy only: a lost disk is lost data")),
        (_, 2) => Some(note(
            Level::Warning,
            None,
            "two copies can split-brain when the nodes lose sight of each other; a third node prevents that, also one that \
             holds names only (`arbiter: 1`)",
        )),
        (Replica::Auto, n) if n > 3 => Some(note(
            Level::Advice,
            None,
            format!(
                "every write goes to {n} nodes; `replica_count: 3` with nodes in multiples of 3 gives more room and speed"
            ),
        )),
        _ => None,
    }
}
