//! A stage: waves in order, the nodes of a wave side by side, a node's tasks in order.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;

use crate::events::Event;
use crate::exec::{Context, Locks, step};
use crate::model::NodeName;
use crate::plan::{Stage, Task, TaskId, Wave};
use crate::playbook::Rendered;

/// Every task of a plan, rendered before the first change.
pub type Ready = BTreeMap<TaskId, Rendered>;

/// How a stage ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StageEnd {
    /// All of it went well.
    Well,
    /// Something failed, or the person at the terminal wants no more.
    Stopped,
    /// Nothing failed, and no more was begun: the lock on this node is lost.
    Unlocked(NodeName),
}

/// Runs a stage. A node that fails gets nothing more; the others finish their wave, and the waves after it are
/// skipped, since they build on all of it. Without the locks no task is begun.
pub async fn run_stage(context: &Context, locks: &Locks, stage: &Stage, ready: &Ready) -> StageEnd {
    let work = Work { context, locks, ready };
    context.tell.send(Event::StageStarted { stage: stage.name.clone() }).await;
    let mut stopped: Option<(StageEnd, String)> = None;
    for wave in &stage.waves {
        match &stopped {
            None => stopped = work.wave(wave).await,
            Some((_, why)) => work.skip(wave.tasks.iter(), why).await,
        }
    }
    context.tell.send(Event::StageEnded { stage: stage.name.clone() }).await;
    stopped.map_or(StageEnd::Well, |(end, _)| end)
}

/// How a node's tasks of a wave ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TasksEnd {
    Through,
    Failed,
    Halted,
}

#[derive(Clone, Copy)]
struct Work<'a> {
    context: &'a Context,
    locks: &'a Locks,
    ready: &'a Ready,
}

impl Work<'_> {
    async fn wave(self, wave: &Wave) -> Option<(StageEnd, String)> {
        let nodes: BTreeSet<&NodeName> = wave.tasks.iter().map(|task| &task.id.node).collect();
        let ends: Vec<(&NodeName, TasksEnd)> = futures::stream::iter(nodes)
            .map(|node| async move {
                let tasks: Vec<&Task> = wave.of(node).collect();
                (node, self.tasks(&tasks).await)
            })
            .buffer_unordered(self.context.fleet.forks())
            .collect()
            .await;
        let of = |wanted| ends.iter().filter(move |(_, end)| *end == wanted).map(|(node, _)| node.as_str());
        let failed: Vec<_> = of(TasksEnd::Failed).collect();
        if !failed.is_empty() {
            return Some((StageEnd::Stopped, format!("{} failed before", failed.join(", "))));
        }
        of(TasksEnd::Halted).next()?;
        self.halted()
    }

    async fn tasks(self, tasks: &[&Task]) -> TasksEnd {
        for (at, task) in tasks.iter().enumerate() {
            if let Some((_, why)) = self.halted() {
                self.skip(tasks[at..].iter().copied(), &why).await;
                return TasksEnd::Halted;
            }
            let steps = self.ready.get(&task.id).map(|rendered| rendered.steps.as_slice()).unwrap_or_default();
            for step in steps {
                if !step::run(self.context, &task.id, step).await {
                    let why = format!("`{}` failed before", task.id.playbook);
                    self.skip(tasks[at + 1..].iter().copied(), &why).await;
                    return TasksEnd::Failed;
                }
            }
        }
        TasksEnd::Through
    }

    // Why nothing new may begin.
    fn halted(self) -> Option<(StageEnd, String)> {
        if self.context.interrupt.stopping() {
            return Some((StageEnd::Stopped, "interrupted".to_owned()));
        }
        let node = self.locks.lost()?;
        Some((StageEnd::Unlocked(node.clone()), format!("the lock on {node} is lost")))
    }

    async fn skip<'a>(self, tasks: impl Iterator<Item = &'a Task>, why: &str) {
        for task in tasks {
            self.context.tell.send(Event::TaskSkipped { task: task.id.clone(), why: why.to_owned() }).await;
        }
    }
}
