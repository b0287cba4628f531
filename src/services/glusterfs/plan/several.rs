//! The decision for several volumes of one pool. Each is decided by itself, from the same look; what they want of the nodes and the
//! pool is the same and is done once.

use crate::plan::{Act, Plan, Refusal, Request, Stage, Task, Then, Wave};
use crate::services::glusterfs::plan::build::{join, refuse};
use crate::services::glusterfs::plan::decide;
use crate::services::glusterfs::plan::view::Nodes;
use crate::services::glusterfs::spec::Spec;

/// A task with one of these is about a volume: others do the same on the same node, with other values.
const OF_A_VOLUME: [&str; 4] = ["volume", "brick", "mount_point", "device"];

/// What is to be done so that all volumes are as wanted, or all reasons why nothing may be done.
pub fn decide_all(volumes: &[(&Spec, Nodes)], request: &Request) -> Result<Plan, Vec<Refusal>> {
    let (mut plans, mut refusals) = (Vec::new(), Vec::new());
    for (spec, nodes) in chosen(volumes, request)? {
        match decide(spec, nodes, request) {
            Ok(plan) => plans.push((spec.volume.as_str(), plan)),
            Err(reasons) => refusals.extend(reasons),
        }
    }
    if refusals.is_empty() {
        return Ok(if volumes.len() == 1 { plans.remove(0).1 } else { together(plans) });
    }
    // Of the pool all say the same.
    let mut all: Vec<Refusal> = Vec::new();
    for refusal in refusals {
        if !all.contains(&refusal) {
            all.push(refusal);
        }
    }
    Err(all)
}

// The volumes that the request is about.
fn chosen<'a>(volumes: &'a [(&'a Spec, Nodes)], request: &Request) -> Result<Vec<&'a (&'a Spec, Nodes)>, Vec<Refusal>> {
    let names = || volumes.iter().map(|(spec, _)| spec.volume.as_str());
    let each = || join(&names().map(|name| format!("`--volume {name}`")).collect::<Vec<_>>(), "or");
    let of_one = matches!(request.act, Some(Act::HealAll | Act::Resolve(_) | Act::Rebalance(_)));
    match &request.part {
        Some(part) if !names().any(|name| name == part) => {
            let what = format!("the inventory has no volume `{part}`");
            Err(vec![refuse(None, what, format!("name one of its own: {}", each()))])
        }
        None if of_one && volumes.len() > 1 => {
            Err(vec![refuse(None, "there are several volumes", format!("say of which: {}", each()))])
        }
        part => Ok(volumes.iter().filter(|(spec, _)| part.as_ref().is_none_or(|part| *part == spec.volume)).collect()),
    }
}

// Plans that come before everything else are followed first, all of them; the others are made anew then.
fn together(plans: Vec<(&str, Plan)>) -> Plan {
    let mut whole = Plan::default();
    for (_, plan) in &plans {
        let news: Vec<_> = plan.notes.iter().filter(|note| !whole.notes.contains(note)).cloned().collect();
        whole.notes.extend(news);
    }
    let open = plans.iter().any(|(_, plan)| plan.open.is_some());
    let mut known_then = Vec::new();
    let mut later = Vec::new();
    for (volume, plan) in plans {
        if open && plan.open.is_none() {
            continue;
        }
        let stages: Vec<_> = plan.stages.into_iter().map(|stage| of_volume(stage, volume)).collect();
        match merged(&whole.stages, stages) {
            Some(stages) => {
                whole.stages = stages;
                known_then.extend(plan.open.filter(|open| !known_then.contains(open)));
            }
            None => later.push(format!("`{volume}`")),
        }
    }
    if !later.is_empty() {
        known_then.push(format!("what {} needs is known then", join(&later, "and")));
    }
    whole.open = (!known_then.is_empty()).then(|| known_then.join("; "));
    whole
}

fn of_volume(mut stage: Stage, volume: &str) -> Stage {
    let tasks = stage.waves.iter_mut().flat_map(|wave| &mut wave.tasks);
    for task in tasks.filter(|task| OF_A_VOLUME.iter().any(|name| task.vars.contains_key(*name))) {
        task.id.part = Some(volume.to_owned());
    }
    stage
}

// Stages of one name become one, in which the second follows the first; what is in both is done once. Nothing where that
// cannot be: one task with two meanings, or another order.
fn merged(first: &[Stage], second: Vec<Stage>) -> Option<Vec<Stage>> {
    let mut all = first.to_vec();
    let mut at = 0;
    for stage in second {
        let stage = news(first, stage)?;
        match all.iter().position(|other| other.name == stage.name) {
            Some(place) if place < at => return None,
            Some(place) => {
                let other = &mut all[place];
                other.waves.extend(stage.waves);
                if stage.then == Then::LookAgain {
                    other.then = Then::LookAgain;
                }
                at = place + 1;
            }
            None if stage.waves.is_empty() => {}
            None => {
                all.insert(at, stage);
                at += 1;
            }
        }
    }
    Some(all)
}

// The same without what is done already.
fn news(before: &[Stage], stage: Stage) -> Option<Stage> {
    let tasks = || before.iter().flat_map(|stage| &stage.waves).flat_map(|wave| &wave.tasks);
    let done = |task: &Task| {
        tasks().any(|other| {
            (&other.id.playbook, &other.id.node, &other.vars) == (&task.id.playbook, &task.id.node, &task.vars)
        })
    };
    let mut waves = Vec::new();
    for wave in stage.waves {
        let tasks_of: Vec<_> = wave.tasks.into_iter().filter(|task| !done(task)).collect();
        if tasks_of.iter().any(|task| tasks().any(|other| other.id == task.id)) {
            return None;
        }
        if !tasks_of.is_empty() {
            waves.push(Wave { tasks: tasks_of });
        }
    }
    Some(Stage { waves, ..stage })
}
