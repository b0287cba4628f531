//! The volume: created, grown, set and started, by one coordinator, one command at a time.

use crate::plan::{Level, Note, Stage, Task};
use crate::services::glusterfs::facts::{Brick, NodeFacts, Volume, VolumeStatus};
use crate::services::glusterfs::plan::bricks::force;
use crate::services::glusterfs::plan::build::{With, names, note, stage, task};
use crate::services::glusterfs::plan::change::{Change, Growth};
use crate::services::glusterfs::plan::growth::adds_arbiter;
use crate::services::glusterfs::plan::view::View;
use crate::services::glusterfs::plan::{options, places, pool};
use crate::services::glusterfs::spec::Member;

/// Everything on the coordinator, a wave each.
pub(super) fn plan(view: &View<'_>, growth: &Growth<'_>, coordinator: &Member) -> Stage {
    let alone = |task: Task| vec![task];
    let waves = match (&growth.change, view.cluster.volume) {
        (Change::Create { replica, members }, _) => vec![alone(create(view, coordinator, *replica, members))],
        (change, Some(volume)) => {
            let mut waves: Vec<_> = repair(view, coordinator, volume).into_iter().map(alone).collect();
            let mut set = options::plan(view, growth, coordinator, volume);
            if !options::after_growth(growth, volume) {
                waves.extend(set.take().map(alone));
            }
            if matches!(change, Change::Grow { .. } | Change::Replace { .. }) {
                waves.push(hears(view));
            }
            if let Change::Grow { raise, replica, extend } = change {
                if !raise.is_empty() {
                    waves.push(marks(view, volume));
                }
                waves.extend(add_bricks(view, coordinator, volume, (raise, *replica, extend)).into_iter().map(alone));
                let seen = (view.cluster.version + 1, volume.bricks.len() + raise.len() + extend.len());
                let others = pool::members(view, growth, coordinator).filter(|member| member.node != coordinator.node);
                let why = "what it may have missed is missing in all that follows";
                waves.push(others.map(|member| pool::catch_up(view, &member.node, seen, why)).collect());
            } else if let Change::Replace { brick, by, lost } = change {
                waves.extend(replace(view, volume, brick, (by, *lost)).map(alone));
                let others = pool::members(view, growth, coordinator);
                let why = "what it may have missed is missing in all that follows";
                let seen = (view.cluster.version + 1, volume.bricks.len());
                waves.push(others.map(|member| pool::catch_up(view, &member.node, seen, why)).collect());
            } else {
                waves.extend(unspread(view, coordinator, volume).map(alone));
            }
            waves.extend(set.map(alone));
            waves
        }
        _ => Vec::new(),
    };
    stage("volume", "Create or grow the volume, set its options, start it", waves)
}

fn bricks(view: &View<'_>, members: &[&Member]) -> Vec<String> {
    members.iter().map(|member| format!("{}:{}", member.peer_name, view.spec.brick_path)).collect()
}

fn create(view: &View<'_>, on: &Member, replica: u32, members: &[&Member]) -> Task {
    let options = options::words(options::wanted(view, replica));
    let copies = match (replica, view.spec.arbiter) {
        (1, _) => "one copy".to_owned(),
        (_, 0) => format!("{replica} copies"),
        (_, _) => "two copies and an arbiter".to_owned(),
    };
    let why = format!(
        "volume `{}` does not exist; {copies}, on {}",
        view.spec.volume,
        names(members.iter().map(|m| &m.node))
    );
    task("create", &on.node, why)
        .with("volume", view.spec.volume.as_str())
        .with("replica", replica)
        .with("bricks", bricks(view, members))
        .with("options", options)
        .with("arbiter", view.spec.arbiter > 0)
        .with("force", force(view, members))
}

// A stopped volume or a dead brick, before anything that needs them.
fn repair(view: &View<'_>, on: &Member, volume: &Volume) -> Vec<Task> {
    if volume.status != VolumeStatus::Started {
        let why = format!("volume `{}` is not started", volume.name);
        return vec![task("start", &on.node, why).with("volume", volume.name.as_str())];
    }
    // Where the brick is, since only there it can be seen whether it runs; the first command starts all of them.
    dead_bricks(view, volume)
        .into_iter()
        .filter(|(member, _)| view.request.touches(&member.node))
        .map(|(member, brick)| {
            task("bricks-up", &member.node, format!("no process runs for {brick}")).with("volume", volume.name.as_str())
        })
        .collect()
}

// Nodes that were seen, whose glusterd runs, and that have a brick without a process, with its name. What is on the
// others is unknown.
fn dead_bricks<'a>(view: &View<'a>, volume: &Volume) -> Vec<(&'a Member, String)> {
    let dead = |facts: &NodeFacts| {
        let own = |brick: &&Brick| facts.daemon.uuid.as_deref() == Some(brick.host.as_str());
        let dead = volume.bricks.iter().filter(own).filter(|brick| !facts.runs_brick(&volume.name, &brick.path));
        let names: Vec<_> = dead.map(|brick| brick.name.as_str()).collect();
        (facts.daemon.active && !names.is_empty()).then(|| names.join(", "))
    };
    view.known.iter().filter_map(|(member, facts)| Some((*member, dead(facts)?))).collect()
}

/// The volume must be made to serve before it can be decided how it grows.
pub(super) fn wakes(view: &View<'_>) -> bool {
    view.cluster
        .volume
        .is_some_and(|volume| volume.status != VolumeStatus::Started || !dead_bricks(view, volume).is_empty())
}

fn add_bricks(view: &View<'_>, on: &Member, volume: &Volume, grow: (&[&Member], u32, &[&Member])) -> Vec<Task> {
    let (raise, replica, extend) = grow;
    let add = |playbook: &str, members: &[&Member], why: String, before: usize, replica_before: u32| {
        task(playbook, &on.node, why)
            .with("volume", volume.name.as_str())
            .with("replica", replica)
            .with("bricks", bricks(view, members))
            .with("before", before)
            .with("replica_before", replica_before)
            .with("force", force(view, members))
    };
    let list = |members: &[&Member]| names(members.iter().map(|member| &member.node));
    let before = volume.bricks.len();
    let mut tasks = Vec::new();
    if !raise.is_empty() {
        let why = format!("{} get a copy: replica {} becomes {replica}", list(raise), volume.replica);
        let guard = guards(view, volume);
        let arbiter = adds_arbiter(view, volume, replica);
        tasks.push(add("add-brick", raise, why, before, volume.replica).with("guard", guard).with("arbiter", arbiter));
    }
    if !extend.is_empty() {
        let why = format!("{} add room: {} more replica set(s)", list(extend), extend.len() / replica as usize);
        tasks.push(add("extend", extend, why, before + raise.len(), replica));
        tasks.push(rebalance(on, volume, "new replica sets hold nothing until files are moved there"));
    }
    tasks
}

// The new brick's folder is looked at again right before: `force`, without which there is no such command, turns off every
// guard of gluster's own.
fn replace(view: &View<'_>, volume: &Volume, old: &Brick, (by, lost): (&Member, bool)) -> [Task; 2] {
    let path = view.spec.brick_path.as_str();
    let vacant = task("vacant", &by.node, "old data under a new brick is lost or comes back").with("brick", path);
    let stay: Vec<_> = places::beside(volume, old).iter().map(|brick| brick.name.clone()).collect();
    let on = places::neighbour(view, volume, old).map_or(&by.node, |member| &member.node);
    let replace = task("replace-brick", on, format!("{} takes the place of {}", by.node, old.name))
        .with("volume", volume.name.as_str())
        .with("old", old.name.as_str())
        .with("new", format!("{}:{path}", by.peer_name))
        .with("before", volume.bricks.len())
        .with("stay", stay)
        .with("lost", lost);
    [vacant, replace]
}

// On every node with a brick: a new copy must not be taken for one that is gone.
fn marks(view: &View<'_>, volume: &Volume) -> Vec<Task> {
    let holds = |facts: &NodeFacts| volume.bricks.iter().any(|brick| facts.daemon.uuid.as_deref() == Some(&brick.host));
    let on = view.known.iter().filter(|(_, facts)| holds(facts));
    let why = "a new copy must not be taken for one that is gone";
    on.map(|(member, _)| task("marks", &member.node, why).with("volume", volume.name.as_str())).collect()
}

// A mount that hears of no change writes to the old bricks only, and no heal knows of it.
fn hears(view: &View<'_>) -> Vec<Task> {
    let members = view.known.iter().map(|(member, facts)| (&member.node, *facts));
    let all = members.chain(view.clients.iter().map(|(client, facts)| (&client.node, *facts)));
    let deaf = all.filter(|(_, facts)| facts.mount.deaf && facts.mount.holds(&view.spec.volume));
    let why = "its mount has lost touch with every glusterd, and would write to the old bricks only";
    deaf.map(|(node, _)| task("hears", node, why).with("mount_point", view.spec.mount_point.as_str())).collect()
}

fn rebalance(on: &Member, volume: &Volume, why: &str) -> Task {
    task("rebalance", &on.node, why).with("volume", volume.name.as_str()).with("fix_layout", false)
}

// What was added, and never got its share. All bricks must be up for that.
fn unspread(view: &View<'_>, on: &Member, volume: &Volume) -> Option<Task> {
    let new = view.known.iter().filter(|(_, facts)| facts.brick.unspread);
    let new = names(new.map(|(member, _)| &member.node));
    let wanted = volume.sets() > 1 && !new.is_empty() && view.unknown.is_empty() && view.request.touches(&on.node);
    wanted.then(|| rebalance(on, volume, &format!("folders on {new} get no files, and nobody has begun a rebalance")))
}

// While a second copy is filled. `auto` wants the first of two bricks, the complete one; the count, which means nothing
// beside it, marks the pair as ours (gluster cannot reset options of a name of one's own).
const GUARD: [(&str, &str); 2] = [("cluster.quorum-type", "auto"), ("cluster.quorum-count", "1")];

// Who has named a quorum, in the inventory or by hand, keeps that one.
fn guards(view: &View<'_>, volume: &Volume) -> bool {
    let ours = |(key, value): &(&str, &str)| {
        !view.spec.options.contains_key(*key) && volume.option(key).is_none_or(|set| set == *value)
    };
    volume.replica == 1 && GUARD.iter().all(ours)
}

// The count is reset last: alone, too, it says that a growth was cut short.
fn is_guarded(view: &View<'_>) -> bool {
    let [quorum, (count, one)] = GUARD;
    let named = GUARD.iter().any(|(key, _)| view.spec.options.contains_key(*key));
    let set = |volume: &&Volume| {
        volume.option(count) == Some(one) && volume.option(quorum.0).is_none_or(|set| set == quorum.1)
    };
    !named && view.cluster.volume.as_ref().is_some_and(set)
}

/// New copies are waited for: until they are healed, they are none.
pub(super) fn heal(view: &View<'_>, growth: &Growth<'_>, coordinator: &Member) -> Stage {
    let on =
        |playbook: &str, why: &str| task(playbook, &coordinator.node, why).with("volume", view.spec.volume.as_str());
    let raises = match &growth.change {
        Change::Grow { raise, .. } => !raise.is_empty(),
        change => matches!(change, Change::Replace { .. }),
    };
    let cut_short = is_guarded(view);
    let guarded = cut_short || raises && view.cluster.volume.is_some_and(|volume| guards(view, volume));
    let mut waves = Vec::new();
    if raises {
        waves.push(vec![on("healed", "a copy counts when it is complete")]);
    } else if cut_short {
        waves.push(vec![on("healed", "a growth was cut short before its copy was complete")]);
    }
    if guarded {
        waves.push(vec![on("quorum", "it kept the complete copy in every write while the second was filled")]);
    }
    stage("heal", "Wait until the new copies are complete", waves)
}

/// What is odd about the volume.
pub(super) fn notes(view: &View<'_>) -> Option<Note> {
    let volume = view.cluster.volume?;
    (volume.status == VolumeStatus::Stopped).then(|| {
        note(Level::Warning, None, format!("volume `{}` was stopped by somebody; it is started again", volume.name))
    })
}
