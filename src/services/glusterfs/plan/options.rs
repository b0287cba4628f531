//! Options of the volume: only what differs is set, in one call, since each call rewrites the volfiles (fact 10.1).

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::plan::{Level, Note, Plan, Refusal, Settings, Task};
use crate::services::glusterfs::facts::Volume;
use crate::services::glusterfs::plan::build::{With, add, note, stage, task};
use crate::services::glusterfs::plan::change::{Change, Growth};
use crate::services::glusterfs::plan::view::View;
use crate::services::glusterfs::plan::{leaver, pool};
use crate::services::glusterfs::spec::{Access, Member};

/// What glusterd refuses to set on a volume without copies ("Volume .. is not of replicate type", "Cannot set .. for
/// a non-replicate volume"): the options with `validate_replica*` in its `glusterd-volume-set.c`, tried on 10.3.
const FOR_COPIES: [&str; 5] = [
    "cluster.self-heal-daemon",
    "cluster.data-self-heal",
    "cluster.metadata-self-heal",
    "cluster.entry-self-heal",
    "cluster.shd-max-threads",
];

/// The value, in the inventory, of an option that is to be as gluster has it by itself.
const OFF: &str = "default";

/// Addresses that may mount the volume.
const ALLOW: &str = "auth.allow";

/// What gluster sets by itself when a volume is made or gets a second copy (seen on 10.3 and 11.1), and what is set here while
/// a copy is filled: nobody has to name these.
const BY_ITSELF: [&str; 7] = [
    "cluster.granular-entry-heal",
    "storage.fips-mode-rchecksum",
    "transport.address-family",
    "nfs.disable",
    "performance.client-io-threads",
    "cluster.quorum-type",
    "cluster.quorum-count",
];

/// The options that a volume with so many copies is to have.
pub(super) fn wanted(view: &View<'_>, replica: u32) -> Vec<(String, String)> {
    let takes = |key: &str| replica > 1 || !FOR_COPIES.contains(&key);
    let named = view.spec.options.iter().filter(|(key, value)| takes(key) && *value != OFF);
    let named = named.map(|(key, value)| (key.clone(), value.clone()));
    // Who leaves may mount it for as long as it has a part in it.
    let leaving = leaver::all(view).into_iter().filter(|one| one.peer.is_some() || one.mounts(view));
    let allow = allowed(view, leaving.map(|one| one.leaver.member.address).collect());
    named.chain(allow).collect()
}

// Members and clients, and these.
fn allowed(view: &View<'_>, mut all: BTreeSet<IpAddr>) -> Option<(String, String)> {
    all.extend(view.spec.members.iter().map(|member| member.address));
    all.extend(view.spec.clients.iter().map(|client| client.address));
    let list = all.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    (view.spec.access == Access::Inventory).then(|| (ALLOW.to_owned(), list))
}

/// Keeps the volume to those that stay, once others have left.
pub(super) fn after_removal(view: &View<'_>, on: &Member) -> Option<Task> {
    let volume = view.cluster.volume?;
    let (key, stay) = allowed(view, BTreeSet::new())?;
    let now = volume.option(&key).filter(|now| *now != stay)?;
    let why = format!("{key} is {now}, not {stay}");
    Some(changing((on, volume), why, vec![(key, stay)], Vec::new()))
}

/// As words of a command.
pub(super) fn words(options: Vec<(String, String)>) -> Vec<String> {
    options.into_iter().flat_map(|(key, value)| [key, value]).collect()
}

/// Sets what differs on the volume that exists, as it will be after it has grown, and takes off what is to be off.
pub(super) fn plan(view: &View<'_>, growth: &Growth<'_>, on: &Member, volume: &Volume) -> Option<Task> {
    let mut differ = wanted(view, copies(growth, volume));
    differ.retain(|(key, value)| volume.option(key) != Some(value));
    let off = view.spec.options.iter().filter(|(_, value)| *value == OFF).map(|(key, _)| key);
    let off: Vec<_> = off.filter(|key| volume.option(key).is_some()).cloned().collect();
    if differ.is_empty() && off.is_empty() {
        return None;
    }
    let is = |key: &str| format!("{key} is {}", volume.option(key).unwrap_or("not set"));
    let set = differ.iter().map(|(key, value)| format!("{}, not {value}", is(key)));
    let why: Vec<_> = set.chain(off.iter().map(|key| format!("{}, and is to be off", is(key)))).collect();
    Some(changing((on, volume), why.join("; "), differ, off))
}

/// Where the volume gets its second copy, its options are set after that.
pub(super) fn after_growth(growth: &Growth<'_>, volume: &Volume) -> bool {
    volume.replica == 1 && copies(growth, volume) > 1
}

fn copies(growth: &Growth<'_>, volume: &Volume) -> u32 {
    match growth.change {
        Change::Grow { replica, .. } => replica,
        Change::Create { .. } | Change::Replace { .. } | Change::None => volume.replica,
    }
}

/// Gives the volume the options back that a backup has of it, but for those that the inventory decides.
pub(super) fn give_back(view: &View<'_>, kept: &Settings) -> Result<Plan, Vec<Refusal>> {
    let Some(coordinator) = view.coordinator() else { return Err(vec![pool::blind()]) };
    let Some(volume) = view.cluster.volume else { return Err(vec![pool::no_volume(view)]) };
    let mut plan = Plan::default();
    let Some(kept) = kept.get(&volume.name) else {
        let text = format!("the backup has no volume `{}`", volume.name);
        plan.notes.push(note(Level::Warning, None, text));
        return Ok(plan);
    };
    let takes = |key: &str| volume.replica > 1 || !FOR_COPIES.contains(&key);
    let (ours, theirs): (Vec<_>, Vec<_>) = kept
        .iter()
        .filter(|(key, value)| takes(key) && volume.option(key) != Some(value))
        .partition(|(key, _)| decided(view, key));
    let off = volume.options.iter().map(|(key, _)| key).filter(|key| !kept.contains_key(*key) && !decided(view, key));
    let off: Vec<_> = off.cloned().collect();
    if !ours.is_empty() {
        let list: Vec<_> = ours.iter().map(|(key, value)| format!("{key} (was {value})")).collect();
        let text = format!("not given back, since gluster or the inventory decides it: {}", list.join(", "));
        plan.notes.push(note(Level::Info, None, text));
    }
    if theirs.is_empty() && off.is_empty() {
        return Ok(plan);
    }
    let is = |key: &str| format!("{key} is {}", volume.option(key).unwrap_or("not set"));
    let set = theirs.iter().map(|(key, value)| format!("{}, and was {value}", is(key)));
    let why: Vec<_> = set.chain(off.iter().map(|key| format!("{}, and was not set", is(key)))).collect();
    let set = theirs.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    let task = changing((coordinator, volume), why.join("; "), set, off);
    add(&mut plan, stage("options", "Give the volume its options back", vec![vec![task]]));
    Ok(plan)
}

// By the inventory, or by gluster itself.
fn decided(view: &View<'_>, key: &str) -> bool {
    BY_ITSELF.contains(&key)
        || view.spec.options.contains_key(key)
        || (key == ALLOW && view.spec.access == Access::Inventory)
}

fn changing((on, volume): (&Member, &Volume), why: String, set: Vec<(String, String)>, off: Vec<String>) -> Task {
    let task = task("options", &on.node, why).with("volume", volume.name.as_str());
    task.with("options", words(set)).with("off", off)
}

/// Options that must wait, and those that the inventory says nothing of.
pub(super) fn notes(view: &View<'_>, growth: &Growth<'_>) -> Vec<Note> {
    waiting(view, growth).into_iter().chain(unnamed(view)).collect()
}

fn unnamed(view: &View<'_>) -> Option<Note> {
    let volume = view.cluster.volume?;
    let set: Vec<_> = volume.options.iter().filter(|(key, _)| !decided(view, key)).collect();
    let list = set.iter().map(|(key, value)| format!("{key} is {value}")).collect::<Vec<_>>().join(", ");
    let (first, _) = set.first()?;
    let text = format!(
        "set on the volume, and not named in the inventory: {list}; they stay as they are, `{first}: default` takes one off"
    );
    Some(note(Level::Info, None, text))
}

fn waiting(view: &View<'_>, growth: &Growth<'_>) -> Option<Note> {
    let replica = match (&growth.change, view.cluster.volume) {
        (Change::Create { replica, .. }, _) => *replica,
        (_, Some(volume)) => copies(growth, volume),
        (_, None) => return None,
    };
    let wait: Vec<_> = FOR_COPIES.iter().filter(|key| replica == 1 && view.spec.options.contains_key(**key)).collect();
    let list = wait.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    let text = format!("to be set once there is a second copy, gluster refuses it before: {list}");
    (!wait.is_empty()).then(|| note(Level::Info, None, text))
}
