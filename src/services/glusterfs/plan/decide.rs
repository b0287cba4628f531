//! The decision, on one screen.

use crate::plan::{Act, Plan, Refusal, Request, Stage, Task, Then};
use crate::services::glusterfs::plan::build::{add, names};
use crate::services::glusterfs::plan::change::Growth;
use crate::services::glusterfs::plan::view::{Nodes, View};
use crate::services::glusterfs::plan::{
    bricks, clients, disk, emptied, growth, heal, hosts, identity, maintenance, mount, options, places, pool, prepare,
    rebalance, removal, restore, volume,
};
use crate::services::glusterfs::spec::{Member, Spec};

/// What is to be done so that what is seen becomes what is wanted, or all reasons why nothing may be done.
pub fn decide(spec: &Spec, nodes: &Nodes, request: &Request) -> Result<Plan, Vec<Refusal>> {
    let view = View::new(spec, nodes, request);
    if let Some(act) = &request.act {
        return asked(&view, nodes, act);
    }
    if let Some(plan) = first(&view)? {
        return Ok(plan);
    }
    // Of a pool that is not sound it makes no sense to say how it grows; of single nodes all is said at once.
    let nodes: Vec<_> = hosts::check(&view).into_iter().chain(mount::check(&view)).collect();
    let pool: Vec<_> =
        identity::check(&view).into_iter().chain(pool::check(&view)).chain(places::check(&view)).collect();
    if !pool.is_empty() {
        return Err(nodes.into_iter().chain(pool).collect());
    }
    let Some(coordinator) = view.coordinator() else {
        return Err(vec![pool::blind()]);
    };
    if let Some(plan) = places::plan(&view, coordinator)? {
        return Ok(plan);
    }
    let moving = places::moving(&view);
    if moving.is_none()
        && let Some(plan) = removal::plan(&view, coordinator)?
    {
        return Ok(plan);
    }

    let catch_up = pool::missed(&view);
    let behind = catch_up.is_some();
    let asleep = behind || prepare::wakes(&view) || volume::wakes(&view);
    let grows = if asleep { Ok((Growth::default(), None)) } else { grows(&view) };
    let (growth, settle) = match grows {
        Ok(grows) if nodes.is_empty() => grows,
        grows => return Err(nodes.into_iter().chain(grows.err().into_iter().flatten()).collect()),
    };
    let asleep = asleep || settle.is_some();

    let mut plan = Plan::default();
    add(&mut plan, identity::plan(&view));
    add(&mut plan, prepare::plan(&view, &growth));
    add(&mut plan, catch_up.or(settle).unwrap_or_else(|| pool::plan(&view, &growth, coordinator)));
    if asleep {
        // A member that has missed a change refuses the next one.
        if !behind {
            add(&mut plan, volume::plan(&view, &growth, coordinator));
        }
        plan.open = Some(
            "how the cluster grows and what is mounted is known once its daemons and bricks run and see each other"
                .to_owned(),
        );
    } else {
        let mut serve = volume::plan(&view, &growth, coordinator);
        let at_boot = beside(&mut serve, mount::at_boot(&view), coordinator);
        add(&mut plan, serve);
        add(&mut plan, mount::plan(&view, at_boot));
        add(&mut plan, clients::plan(&view));
        add(&mut plan, volume::heal(&view, &growth, coordinator));
        if !growth.later.is_empty() {
            let later = names(growth.later.iter().map(|member| &member.node));
            plan.open = Some(format!(
                "the copy on {later} comes when these are complete, so that a complete one is in every quorum"
            ));
        }
    }
    if let (Some((one, new)), Some(last)) = (moving, plan.stages.last_mut()) {
        last.then = Then::LookAgain;
        plan.open = Some(format!("{} leaves the pool once {new} has its copy", one.node()));
    }
    plan.notes = hosts::notes(&view);
    plan.notes.extend(pool::notes(&view));
    plan.notes.extend(volume::notes(&view));
    plan.notes.extend(options::notes(&view, &growth));
    plan.notes.extend(bricks::notes(&view, &growth));
    plan.notes.extend(disk::notes(&view, &growth));
    plan.notes.extend(mount::notes(&view));
    plan.notes.extend(growth.notes);
    Ok(plan)
}

// What must be done before anything else is known: a daemon that does not answer yet, a disk that is not mounted, and old copies.
fn first(view: &View<'_>) -> Result<Option<Plan>, Vec<Refusal>> {
    let before = |stage: Stage, open: &str| {
        let open = Some(format!("what is to be done is known once {open}"));
        Ok(Some(Plan { stages: vec![stage], open, notes: hosts::notes(view) }))
    };
    match (hosts::deaf(view), disk::asleep(view)) {
        (Some(waits), _) => before(waits, "every glusterd answers"),
        (None, Some(disks)) => before(disks, "the disks of the bricks are mounted"),
        (None, None) => emptied::plan(view),
    }
}

// What is asked for by name, in place of what the inventory wants.
fn asked(view: &View<'_>, nodes: &Nodes, act: &Act) -> Result<Plan, Vec<Refusal>> {
    match act {
        Act::Done => Ok(Plan::default()),
        Act::HealAll => heal::plan(view, nodes, None),
        Act::Resolve(resolve) => heal::plan(view, nodes, Some(resolve)),
        Act::Restore(stored) => restore::plan(view, stored),
        Act::Settings(kept) => options::give_back(view, kept),
        Act::Maintenance(node, duty) => maintenance::plan(view, node, *duty),
        Act::Rolling(what) => maintenance::rolling(view, *what),
        Act::Rebalance(what) => rebalance::plan(view, nodes, *what),
    }
}

// The other nodes are idle while one starts the volume, for some seconds: there they can do what needs no volume.
// Answers what is left to be done.
fn beside(volume: &mut Stage, tasks: Vec<Task>, coordinator: &Member) -> Vec<Task> {
    let Some(wave) = volume.waves.last_mut() else { return tasks };
    let (own, others): (Vec<_>, Vec<_>) = tasks.into_iter().partition(|task| task.id.node == coordinator.node);
    wave.tasks.extend(others);
    own
}

// How it grows; nothing grows yet where members are waited for, by the stage that is the second answer.
fn grows<'a>(view: &View<'a>) -> Result<(Growth<'a>, Option<Stage>), Vec<Refusal>> {
    let growth = growth::plan(view)?;
    if growth.is_none() {
        return Ok((growth, None));
    }
    let refusals: Vec<_> = pool::gate(view).into_iter().chain(bricks::check(view, &growth)).collect();
    if !refusals.is_empty() {
        return Err(refusals);
    }
    Ok(match pool::settle(view) {
        Some(stage) => (Growth::default(), Some(stage)),
        None => (growth, None),
    })
}
