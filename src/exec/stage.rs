//! A stage: waves in order, the nodes of a wave side by side, a node's tasks in order.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;

use crate::events::Event;
use crate::exec::{Context, step};
use crate::model::NodeName;
use crate::plan::{Stage, Task, TaskId, Wave};
use crate::playbook::Rendered;

/// Every task of a plan, rendered before the first change.
pub type Ready = BTreeMap<TaskId, Rendered>;

/// Runs a stage. A node that fails gets nothing more; the others finish their wave, and the waves after it are
/// skipped, since they build on all of it. True when all of it went well.
pub async fn run_stage(context: &Context, stage: &Stage, ready: &Ready) -> bool {
    context.tell.send(Event::StageStarted { stage: stage.name.clone() }).await;
    let mut stopped: Option<String> = None;
    for wave in &stage.waves {
        match &stopped {
            None => stopped = run_wave(context, wave, ready).await,
            Some(why) => skip(context, wave.tasks.iter(), why).await,
        }
    }
    context.tell.send(Event::StageEnded { stage: stage.name.clone() }).await;
    stopped.is_none()
}

async fn run_wave(context: &Context, wave: &Wave, ready: &Ready) -> Option<String> {
    let nodes: BTreeSet<&NodeName> = wave.tasks.iter().map(|task| &task.id.node).collect();
    let failed: Vec<&NodeName> = futures::stream::iter(nodes)
        .map(|node| async move {
            let tasks: Vec<&Task> = wave.of(node).collect();
            (node, run_tasks(context, &tasks, ready).await)
        })
        .buffer_unordered(context.fleet.forks())
        .filter_map(|(node, fine)| async move { (!fine).then_some(node) })
        .collect()
        .await;
    if context.interrupt.stopping() {
        return Some("interrupted".to_owned());
    }
    let names: Vec<_> = failed.iter().map(|node| node.as_str()).collect();
    (!names.is_empty()).then(|| format!("{} failed before", names.join(", ")))
}

async fn run_tasks(context: &Context, tasks: &[&Task], ready: &Ready) -> bool {
    for (at, task) in tasks.iter().enumerate() {
        if context.interrupt.stopping() {
            skip(context, tasks[at..].iter().copied(), "interrupted").await;
            return false;
        }
        let steps = ready.get(&task.id).map(|rendered| rendered.steps.as_slice()).unwrap_or_default();
        for step in steps {
            if !step::run(context, &task.id, step).await {
                let why = format!("`{}` failed before", task.id.playbook);
                skip(context, tasks[at + 1..].iter().copied(), &why).await;
                return false;
            }
        }
    }
    true
}

async fn skip<'a>(context: &Context, tasks: impl Iterator<Item = &'a Task>, why: &str) {
    for task in tasks {
        context.tell.send(Event::TaskSkipped { task: task.id.clone(), why: why.to_owned() }).await;
    }
}
