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
    Work { context, locks, ready, whole: true }.run(stage, 0).await
}

/// The same for a stage whose waves do not build on each other and have no node in common: they go on until more than
/// `spare` nodes have failed. A task is as long as somebody has made it, so none is followed to its end where nothing new
/// is to be begun: only its step is.
pub async fn run_waves(context: &Context, locks: &Locks, (stage, ready): (&Stage, &Ready), spare: usize) -> StageEnd {
    Work { context, locks, ready, whole: false }.run(stage, spare).await
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
    /// A task that was begun is done to its end.
    whole: bool,
}

impl Work<'_> {
    async fn run(self, stage: &Stage, spare: usize) -> StageEnd {
        self.context.tell.send(Event::StageStarted { stage: stage.name.clone() }).await;
        let mut failed: Vec<&str> = Vec::new();
        let mut stopped: Option<(StageEnd, String)> = None;
        for wave in &stage.waves {
            if let Some((_, why)) = &stopped {
                self.skip(wave.tasks.iter(), why).await;
                continue;
            }
            let halted = self.wave(wave, &mut failed).await;
            let enough = failed.len() > spare;
            stopped =
                if enough { Some((StageEnd::Stopped, format!("{} failed before", failed.join(", ")))) } else { halted };
        }
        self.context.tell.send(Event::StageEnded { stage: stage.name.clone() }).await;
        let end = if failed.is_empty() { StageEnd::Well } else { StageEnd::Stopped };
        stopped.map_or(end, |(end, _)| end)
    }

    // Adds the nodes that fail; answers why nothing new may begin, where that is so.
    async fn wave<'w>(self, wave: &'w Wave, failed: &mut Vec<&'w str>) -> Option<(StageEnd, String)> {
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
        failed.extend(of(TasksEnd::Failed));
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
            for (number, step) in steps.iter().enumerate() {
                if number > 0
                    && !self.whole
                    && let Some((_, why)) = self.halted()
                {
                    let steps = steps[number..].iter().map(|step| step.id.clone()).collect();
                    self.context
                        .tell
                        .send(Event::StepsSkipped { task: task.id.clone(), steps, why: why.clone() })
                        .await;
                    self.skip(tasks[at + 1..].iter().copied(), &why).await;
                    return TasksEnd::Halted;
                }
                if !step::run(self.context, &task.id, step).await {
                    let why = format!("`{}` failed before", task.id.what());
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
