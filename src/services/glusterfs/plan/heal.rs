//! Heals that are asked for: of everything, or of what is in split-brain, where a person says which copy is right.

use std::collections::BTreeSet;

use crate::plan::{By, Level, Note, Plan, Refusal, Resolve};
use crate::services::glusterfs::facts::{
    BrickCopy, Dispute, SplitBrain, Volume, VolumeStatus, index, listed, looks, split_brains,
};
use crate::services::glusterfs::plan::build::{With, add, note, refuse, stage, task};
use crate::services::glusterfs::plan::pool;
use crate::services::glusterfs::plan::view::{Nodes, View};
use crate::services::glusterfs::spec::Member;

/// What is to be done, or why it may not. Without a choice, everything is healed.
pub(super) fn plan(view: &View<'_>, nodes: &Nodes, resolve: Option<&Resolve>) -> Result<Plan, Vec<Refusal>> {
    let Some(coordinator) = view.coordinator() else { return Err(vec![pool::blind()]) };
    let Some(volume) = view.cluster.volume else { return Err(vec![pool::no_volume(view)]) };
    let mut refusals = gate(view, volume);
    if resolve.is_some() {
        refusals.extend(unread(volume, nodes));
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let Some(resolve) = resolve else { return Ok(all(coordinator, volume)) };
    let mut plan = resolved((coordinator, &view.spec.mount_point), volume, &split_brains(volume, nodes), resolve)?;
    let more = volume.bricks.iter().filter(|brick| index(brick, nodes).is_some_and(|(_, index)| index.more));
    plan.notes.extend(more.map(|brick| {
        let text =
            format!("{} has more to heal than the 2,000 that were looked at; run this again after it", brick.name);
        note(Level::Warning, None, text)
    }));
    Ok(plan)
}

// A copy that was not looked at could be the one that is right.
fn unread(volume: &Volume, nodes: &Nodes) -> Vec<Refusal> {
    let remedy = "see `bricklayer status`, and run again";
    let mut refusals = Vec::new();
    if listed(nodes).is_none() {
        let what = format!("`gluster volume heal {} info split-brain` gave no answer", volume.name);
        refusals.push(refuse(None, what, remedy));
    }
    let bricks = volume.bricks.iter().filter(|brick| index(brick, nodes).is_none());
    refusals.extend(bricks.map(|brick| refuse(None, format!("the copies in {} were not seen", brick.name), remedy)));
    refusals
}

// Copies that are not there can neither be compared nor chosen, nor lose.
fn gate(view: &View<'_>, volume: &Volume) -> Vec<Refusal> {
    if volume.replica < 2 {
        let what = format!("volume `{}` has one copy of everything", volume.name);
        return vec![refuse(None, what, "there is nothing to heal it from")];
    }
    if volume.status != VolumeStatus::Started {
        let what = format!("volume `{}` is not started", volume.name);
        return vec![refuse(None, what, "start it (`bricklayer up`), and run again")];
    }
    if volume
        .option("cluster.self-heal-daemon")
        .is_some_and(|value| matches!(value, "off" | "no" | "false" | "disable"))
    {
        let what = format!("the self-heal daemon of `{}` is switched off", volume.name);
        let remedy = format!("`gluster volume set {} cluster.self-heal-daemon on`, and run again", volume.name);
        return vec![refuse(None, what, remedy)];
    }
    let heal = view.known.iter().find_map(|(_, facts)| facts.heal.as_deref());
    let Some(heal) = heal else {
        let what = format!("`gluster volume heal {} info` gave no answer", volume.name);
        return vec![refuse(None, what, "see `bricklayer status`, and run again")];
    };
    let away = volume.bricks.iter().filter(|brick| !heal.iter().any(|one| one.name == brick.name && one.connected));
    let remedy = "bring it back (`bricklayer status` says more, `bricklayer up` starts it), and run again";
    away.map(|brick| refuse(None, format!("brick {} is not connected", brick.name), remedy)).collect()
}

fn all(coordinator: &Member, volume: &Volume) -> Plan {
    let mut plan = Plan::default();
    let crawl = task("heal-all", &coordinator.node, "asked for").with("volume", volume.name.as_str());
    add(&mut plan, stage("walk", "Have the daemons look at everything", vec![vec![crawl]]));
    let wait = task("healed", &coordinator.node, "what differs is healed").with("volume", volume.name.as_str());
    add(&mut plan, stage("heal", "Wait until every brick has everything", vec![vec![wait]]));
    plan
}

fn resolved(
    (coordinator, mount_point): (&Member, &str),
    volume: &Volume,
    splits: &[SplitBrain],
    resolve: &Resolve,
) -> Result<Plan, Vec<Refusal>> {
    let mut refusals = Vec::new();
    let named: Vec<&SplitBrain> = match &resolve.names {
        Some(names) => {
            let find = |name: &String| {
                let found: Vec<_> = splits.iter().filter(|split| is(split, name, mount_point)).collect();
                if found.is_empty() {
                    let remedy = "`bricklayer heal` shows what is, and by which name";
                    refusals.push(refuse(None, format!("`{name}` is not in split-brain"), remedy));
                }
                found
            };
            names.iter().flat_map(find).collect()
        }
        None => splits.iter().collect(),
    };
    let mut chosen = Vec::new();
    let mut notes = Vec::new();
    for split in named {
        match winner(split, &resolve.by) {
            Ok(Some(one)) => chosen.push((split, one)),
            Ok(None) => {}
            // Of all, those that can be decided are; the rest is said.
            Err(refusal) if resolve.names.is_none() => {
                notes.push(note(Level::Warning, None, format!("{}: {}", refusal.what, refusal.remedy)));
            }
            Err(refusal) => refusals.push(refusal),
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let mut plan = Plan { notes, ..Plan::default() };
    if chosen.is_empty() {
        return Ok(plan);
    }
    plan.notes.extend(chosen.iter().map(|(split, one)| shown(split, one)));
    // What lies in a folder before the folder: gluster merges none in which a name is disputed.
    let choices =
        chosen.iter().rev().flat_map(|(split, one)| [one.brick.clone(), split.name.clone()]).collect::<Vec<_>>();
    let gfids: BTreeSet<_> = chosen.iter().flat_map(|(split, _)| &split.copies).map(|one| &one.copy.gfid).collect();
    let task = task("resolve", &coordinator.node, format!("a copy was chosen of {}", counted(chosen.len())))
        .with("volume", volume.name.as_str())
        .with("choices", choices)
        .with("gfids", gfids.into_iter().cloned().collect::<Vec<_>>());
    add(&mut plan, stage("resolve", "Say which copy is right, and have the others healed from it", vec![vec![task]]));
    Ok(plan)
}

fn counted(count: usize) -> String {
    if count == 1 { "one entry".to_owned() } else { format!("{count} entries") }
}

// As `heal` shows it, or below the mount point.
fn is(split: &SplitBrain, name: &str, mount_point: &str) -> bool {
    split.name == name
        || name.strip_prefix(mount_point) == Some(split.name.as_str())
        || split.name.strip_prefix('/') == Some(name)
        || split.copies.iter().any(|one| one.copy.gfid == name)
}

// The copy that is right; nothing for a folder that is whole again once what lies in it is decided.
fn winner<'a>(split: &'a SplitBrain, by: &By) -> Result<Option<&'a BrickCopy>, Refusal> {
    let about = |dispute| split.disputes.contains(&dispute);
    if about(Dispute::Type) {
        return Err(by_hand(split));
    }
    let needs_source = |what: &str| {
        let remedy = "say whose copy is right: `--source NODE`";
        refuse(None, format!("`{}`: {what}", split.name), remedy)
    };
    let best = match by {
        By::Source(node) => {
            let copy = split.copies.iter().find(|one| one.node == *node && !one.arbiter);
            return copy.map(Some).ok_or_else(|| {
                let holders: Vec<_> =
                    split.copies.iter().filter(|one| !one.arbiter).map(|one| one.node.as_str()).collect();
                let what = format!("{node} has no copy that could be right");
                refuse(None, format!("`{}`: {what}", split.name), format!("choose one of {}", holders.join(", ")))
            });
        }
        _ if split.is_folder() && !about(Dispute::Metadata) => return Ok(None),
        _ if split.is_folder() => return Err(needs_source("a folder's owner or mode is not a matter of size or time")),
        _ if !about(Dispute::Data) && !about(Dispute::File) => {
            return Err(needs_source("owner or mode are not a matter of size or time"));
        }
        By::Size => best(split, |one| one.copy.size),
        By::Time => best(split, |one| one.copy.time),
    };
    match (best, by) {
        (Some(one), _) => Ok(Some(one)),
        (None, By::Size) => Err(needs_source("no copy is bigger than the others")),
        (None, _) => {
            Err(needs_source("no copy was written later than the others, or a lookup has made their times the same"))
        }
    }
}

// One that is above at least one other, and disputed by none that is equal.
fn best<K: Ord>(split: &SplitBrain, key: impl Fn(&BrickCopy) -> K) -> Option<&BrickCopy> {
    let copies = || split.copies.iter().filter(|one| !one.arbiter);
    let top = copies().max_by_key(|one| key(one))?;
    let (equal, lower): (Vec<_>, Vec<_>) = copies().partition(|one| key(one) == key(top));
    (!lower.is_empty() && equal.into_iter().all(|one| agree(one, top))).then_some(top)
}

fn agree(one: &BrickCopy, other: &BrickCopy) -> bool {
    one.copy.gfid == other.copy.gfid
        && !one.copy.accuses.contains_key(&other.id)
        && !other.copy.accuses.contains_key(&one.id)
}

// Gluster does not look such a name up, so it cannot be told anything about it either.
fn by_hand(split: &SplitBrain) -> Refusal {
    let sides: Vec<_> = split.copies.iter().map(|one| looks(one, split)).collect();
    let what = format!("`{}`: a file in one copy and a folder in another ({})", split.name, sides.join("; "));
    let remedy = format!(
        "gluster cannot decide that: move the wrong one out of its brick on its node (`mv BRICK{} ..`), delete the \
         `BRICK/.glusterfs/XX/YY/GFID` of it and of all that is in it, and look the name up on a mount",
        split.name
    );
    refuse(None, what, remedy)
}

fn shown(split: &SplitBrain, right: &BrickCopy) -> Note {
    let lost: Vec<_> = split.copies.iter().filter(|one| !agree(one, right)).map(|one| looks(one, split)).collect();
    let what =
        if split.is_folder() { "its owner and mode are taken over, names are merged" } else { "its copy is taken" };
    let text = format!("`{}`: {what}: {}; given up: {}", split.name, looks(right, split), lost.join("; "));
    note(Level::Warning, None, text)
}
