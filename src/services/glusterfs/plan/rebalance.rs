//! A rebalance that is asked for.

use crate::plan::{Level, Plan, Rebalance, Refusal};
use crate::services::glusterfs::facts::{Moving, MovingState, Volume, VolumeStatus, moves};
use crate::services::glusterfs::plan::build::{With, add, note, refuse, stage, task};
use crate::services::glusterfs::plan::pool;
use crate::services::glusterfs::plan::view::{Nodes, View};

/// What is to be done, or why it may not.
pub(super) fn plan(view: &View<'_>, nodes: &Nodes, what: Rebalance) -> Result<Plan, Vec<Refusal>> {
    let Some(coordinator) = view.coordinator() else { return Err(vec![pool::blind()]) };
    let Some(volume) = view.cluster.volume else { return Err(vec![pool::no_volume(view)]) };
    let moving = moves(nodes).map_err(|why| {
        let what = format!("what the rebalance of `{}` does is not known: {why}", volume.name);
        vec![refuse(None, what, "see `bricklayer status`, and run again")]
    })?;
    let moves_files = moving.iter().any(|one| one.state == MovingState::Runs);
    let fixes_layout = moving.iter().any(|one| one.state == MovingState::FixesLayout);
    let on = |playbook: &str, why: &str| task(playbook, &coordinator.node, why).with("volume", volume.name.as_str());
    let mut plan = Plan::default();
    if what == Rebalance::Stop {
        if moves_files || fixes_layout {
            let stop = on("rebalance-stop", "asked for");
            add(&mut plan, stage("stop", "End the rebalance", vec![vec![stop]]));
        }
        return Ok(plan);
    }
    let refusals = gate(view, volume, (what, moves_files, fixes_layout));
    if !refusals.is_empty() {
        return Err(refusals);
    }
    if moves_files || fixes_layout {
        plan.notes.push(note(Level::Info, None, "it runs already, and is followed to its end"));
    } else {
        let begin = on("rebalance", "asked for").with("fix_layout", what == Rebalance::FixLayout);
        add(&mut plan, stage("begin", "Start the rebalance", vec![vec![begin]]));
    }
    plan.notes.extend(done(moving, what).then(|| {
        note(
            Level::Info,
            None,
            "the last one has ended without a failure since bricks were added; this one moves what is new",
        )
    }));
    let wait = on("rebalanced", "it runs by itself, also when this is interrupted");
    add(&mut plan, stage("spread", "Wait until it has ended", vec![vec![wait]]));
    Ok(plan)
}

fn done(moving: &[Moving], what: Rebalance) -> bool {
    let ended = |one: &Moving| matches!(one.state, MovingState::Ended | MovingState::Idle) && one.failures == 0;
    what == Rebalance::Start && !moving.is_empty() && moving.iter().all(ended)
}

fn gate(view: &View<'_>, volume: &Volume, (what, moves_files, fixes_layout): (Rebalance, bool, bool)) -> Vec<Refusal> {
    let name = &volume.name;
    if volume.sets() < 2 {
        let what = format!("volume `{name}` has one replica set");
        return vec![refuse(
            None,
            what,
            "there is nothing to spread; a second set comes with `replica_count` and more nodes",
        )];
    }
    if volume.status != VolumeStatus::Started {
        return vec![refuse(
            None,
            format!("volume `{name}` is not started"),
            "start it (`bricklayer up`), and run again",
        )];
    }
    let other = match what {
        Rebalance::Start if fixes_layout => Some("a fix-layout"),
        Rebalance::FixLayout if moves_files => Some("a rebalance"),
        _ => None,
    };
    if let Some(other) = other {
        let what = format!("{other} of `{name}` is under way");
        let remedy = "`bricklayer rebalance` shows how far it is; wait, or end it with `bricklayer rebalance stop`";
        return vec![refuse(None, what, remedy)];
    }
    let away = volume.bricks.iter().filter(|brick| !view.runs(volume, brick));
    let remedy = "bring it back (`bricklayer status` says more, `bricklayer up` starts it), and run again";
    away.map(|brick| refuse(None, format!("brick {} was not seen to run", brick.name), remedy)).collect()
}
