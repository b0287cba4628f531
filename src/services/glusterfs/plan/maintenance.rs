//! Nodes out of service for a while, one at a time.

use crate::model::NodeName;
use crate::plan::{Duty, Level, Note, Plan, Refusal, Rolling};
use crate::services::glusterfs::facts::{Brick, NodeFacts, VolumeStatus, writes, writes_need};
use crate::services::glusterfs::plan::build::{add, note, refuse, stage, task};
use crate::services::glusterfs::plan::view::View;
use crate::services::glusterfs::plan::{pool, upgrade};
use crate::services::glusterfs::spec::Member;

/// What is to be done, or why it may not.
pub(super) fn plan(view: &View<'_>, node: &NodeName, duty: Duty) -> Result<Plan, Vec<Refusal>> {
    let Some((member, facts)) = view.known.iter().find(|(member, _)| member.node == *node) else {
        return Err(vec![absent(view, node)]);
    };
    let mut plan = Plan::default();
    match duty {
        Duty::Back if serves(view, facts) => {}
        Duty::Back => {
            let back = task(
                "maintenance-off",
                node,
                if facts.daemon.masked { "it is out of service" } else { "it does not serve" },
            );
            add(&mut plan, stage("back", "Take it back into service", vec![vec![back]]));
        }
        Duty::Out if facts.daemon.masked && !facts.daemon.active => {}
        Duty::Out => {
            let mut refusals = loose(view);
            refusals.extend(gate(view, member, facts));
            if !refusals.is_empty() {
                return Err(refusals);
            }
            plan.notes.extend(meaning(view, facts));
            let out = task("maintenance-on", node, "asked for");
            add(&mut plan, stage("out", "Take it out of service", vec![vec![out]]));
        }
    }
    Ok(plan)
}

/// Every member, one after the other.
pub(super) fn rolling(view: &View<'_>, what: Rolling) -> Result<Plan, Vec<Refusal>> {
    if view.known.is_empty() {
        return Err(vec![pool::blind()]);
    }
    let mut refusals = unknown(view);
    refusals.extend(loose(view));
    let mut plan = Plan::default();
    let turns: Vec<_> = match what {
        Rolling::Restart => {
            let members = view.touched().filter(|(_, facts)| view.cluster.has(facts));
            members.map(|(member, facts)| (member, facts, None)).collect()
        }
        Rolling::Upgrade if refusals.is_empty() => return Ok(upgrade::lists(view)),
        Rolling::Upgrade => Vec::new(),
        Rolling::UpgradeAsked => match upgrade::turns(view) {
            upgrade::Turns::Nodes(turns) => turns,
            upgrade::Turns::Done(end) if refusals.is_empty() => return Ok(end),
            upgrade::Turns::Done(_) => Vec::new(),
        },
    };
    for (member, facts, upgrade) in &turns {
        if !facts.daemon.masked {
            refusals.extend(gate(view, member, facts));
        }
        let why = "one node at a time, and the next when this one has everything";
        let turn = [
            Some(task("maintenance-on", &member.node, why)),
            upgrade.clone(),
            Some(task("maintenance-off", &member.node, why)),
        ];
        let doc = format!("{} out of service and back", member.node);
        add(&mut plan, stage(member.node.as_str(), &doc, turn.into_iter().flatten().map(|task| vec![task]).collect()));
    }
    if what == Rolling::UpgradeAsked {
        plan.open = Some("whether the pool can do more then is known once all members have it".to_owned());
    }
    refusals.dedup();
    if refusals.is_empty() { Ok(plan) } else { Err(refusals) }
}

fn absent(view: &View<'_>, node: &NodeName) -> Refusal {
    match view.unknown.iter().find(|(member, _)| member.node == *node) {
        Some((_, why)) => Refusal {
            unreachable: true,
            ..refuse(Some(node), format!("it cannot be looked at: {why}"), "mend what its error says, then run again")
        },
        None => refuse(Some(node), "it is no member of this service", "name a controller with `glusterfs: true`"),
    }
}

fn unknown(view: &View<'_>) -> Vec<Refusal> {
    let away = view.unknown.iter().map(|(member, why)| Refusal {
        unreachable: true,
        ..refuse(
            Some(&member.node),
            format!("nobody goes out of service while it cannot be looked at: {why}"),
            "bring it back, and run again",
        )
    });
    away.collect()
}

// Daemons that run and are not one pool: what is changed now does not reach all of them.
fn loose(view: &View<'_>) -> Vec<Refusal> {
    let runs = |uuid: &str| {
        let on = view.known.iter().find(|(_, facts)| facts.daemon.uuid.as_deref() == Some(uuid));
        on.is_some_and(|(_, facts)| facts.daemon.active)
    };
    let loose = pool::loose(view).filter(|(_, peer)| runs(&peer.uuid));
    loose
        .map(|(member, peer)| {
            let state = peer.standing();
            let what = format!("it sees peer `{}` as \"{state}\"", peer.names.join("/"));
            refuse(Some(&member.node), what, "run again in a moment; `gluster peer status` on both says more")
        })
        .collect()
}

fn own<'a>(facts: &NodeFacts) -> impl Fn(&&'a Brick) -> bool + use<'a> {
    let uuid = facts.daemon.uuid.clone();
    move |brick| uuid.as_deref() == Some(&brick.host)
}

fn serves(view: &View<'_>, facts: &NodeFacts) -> bool {
    let volumes = facts.volumes.answer().into_iter().flatten().filter(|volume| volume.status == VolumeStatus::Started);
    let mut bricks =
        volumes.flat_map(|volume| volume.bricks.iter().filter(own(facts)).map(move |brick| (volume, brick)));
    !facts.daemon.masked && facts.daemon.active && bricks.all(|(volume, brick)| view.runs(volume, brick))
}

// Of every volume that has a brick there: the other copies are there, and clients can write without this one. That they are
// complete is waited for on the node itself, and asked once more right before.
fn gate(view: &View<'_>, member: &Member, facts: &NodeFacts) -> Vec<Refusal> {
    let node = Some(&member.node);
    let mut refusals = Vec::new();
    let members = view.cluster.uuids.len();
    for volume in facts.volumes.answer().into_iter().flatten().filter(|volume| volume.status == VolumeStatus::Started) {
        let own = own(facts);
        for set in
            volume.bricks.chunks(volume.replica.max(1) as usize).filter(|set| set.iter().any(|brick| own(&brick)))
        {
            let others: Vec<_> = set.iter().filter(|brick| !own(brick)).collect();
            if others.iter().all(|brick| brick.arbiter) {
                let what =
                    format!("the only copy of what is in `{}` is there: clients would be without it", volume.name);
                refusals.push(refuse(
                    node,
                    what,
                    "add a copy first, or stop what uses the volume and then glusterd by hand",
                ));
                continue;
            }
            let away = others.iter().filter(|brick| !view.runs(volume, brick));
            let remedy = "bring it back (`bricklayer status` says more, `bricklayer up` starts it), and run again";
            refusals.extend(away.map(|brick| {
                refuse(node, format!("brick {} of `{}` was not seen to run", brick.name, volume.name), remedy)
            }));
            let up: Vec<bool> = set.iter().map(|brick| !own(&brick)).collect();
            if !writes(volume, &up) {
                let what = format!(
                    "a write in `{}` needs {} bricks, and would not have them",
                    volume.name,
                    writes_need(volume)
                );
                refusals.push(refuse(node, what, "see `cluster.quorum-type` of the volume"));
            }
        }
        // More than half of the pool, where it counts glusterds (its ratio is 51 per cent unless somebody has set it).
        let counts = volume.option("cluster.server-quorum-type") == Some("server");
        if counts && (members.saturating_sub(1)) * 2 <= members {
            let what = format!(
                "`{}` has server quorum: with half of {members} glusterds gone, all bricks are stopped",
                volume.name
            );
            refusals.push(refuse(node, what, "add a member first, or reset `cluster.server-quorum-type`"));
        }
    }
    refusals
}

fn meaning(view: &View<'_>, facts: &NodeFacts) -> Vec<Note> {
    let mut notes = Vec::new();
    for volume in facts.volumes.answer().into_iter().flatten() {
        if volume.replica == 2 && volume.bricks.iter().any(|brick| own(facts)(&brick)) {
            let text = format!("`{}` is on one copy meanwhile: with that, the data is gone", volume.name);
            notes.push(note(Level::Warning, None, text));
        }
    }
    if facts.mount.holds(&view.spec.volume) {
        let text = "its mount stays and goes on with the other copies; what is written meanwhile is healed later";
        notes.push(note(Level::Info, None, text));
    }
    notes
}
