//! The events.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::NodeName;
use crate::plan::{Plan, Refusal, TaskId};

/// An event with its place in the run and its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    /// From 0, without gaps.
    pub seq: u64,
    /// Milliseconds since 1970, by the workstation's clock.
    pub at_ms: i64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened. Data, never text made for people, and never a secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// First of all.
    RunStarted {
        /// Name of the run, and of its folder.
        run: String,
        /// The command as a person would type it, without values that could be secret.
        command: String,
        /// The inventory's path.
        inventory: String,
        /// Every node that will be looked at.
        nodes: Vec<NodeName>,
    },
    /// A look at all nodes begins. It is over when each of them was seen or is unknown.
    LookStarted {
        /// Why we look.
        why: LookWhy,
    },
    /// A node was seen.
    NodeSeen {
        /// Which.
        node: NodeName,
        /// Milliseconds for connecting and asking.
        ms: u64,
    },
    /// A node could not be looked at.
    NodeUnknown {
        /// Which.
        node: NodeName,
        /// Why, and what to do.
        failure: Failure,
    },
    /// The planner has decided.
    Planned {
        /// What it decided.
        plan: Plan,
    },
    /// The planner refuses.
    Refused {
        /// All reasons.
        refusals: Vec<Refusal>,
    },
    /// The locks are held.
    Locked {
        /// On these nodes.
        nodes: Vec<NodeName>,
    },
    /// The inventory's file was changed, before any node is.
    InventoryChanged {
        /// The file.
        path: String,
        /// How, as a unified diff.
        diff: String,
    },
    /// What the nodes have stored lies on this machine, before any of it is changed.
    BackedUp {
        /// The file.
        path: String,
        /// Of these nodes.
        nodes: Vec<NodeName>,
    },
    /// A stage begins.
    StageStarted {
        /// Its name in the plan.
        stage: String,
    },
    /// A step begins on a node.
    StepStarted {
        /// The task it belongs to.
        task: TaskId,
        /// Its `id` in the playbook.
        step: String,
        /// What it does: the `doc` of the playbook, so that a journal can be read without the playbook.
        doc: String,
    },
    /// A line that a step prints, as it comes; redacted.
    StepLine {
        /// The task.
        task: TaskId,
        /// The step.
        step: String,
        /// The line.
        line: String,
    },
    /// The running step has printed more than is told line by line: all of it lies in a file on this machine.
    OutputKept {
        /// The task.
        task: TaskId,
        /// The step.
        step: String,
        /// The file, in the folder of the run.
        file: String,
        /// How many bytes were printed.
        bytes: u64,
        /// Why the file does not have all of them, where that is so.
        lost: Option<String>,
    },
    /// A step has ended.
    StepEnded {
        /// The task.
        task: TaskId,
        /// The step.
        step: String,
        /// How.
        end: StepEnd,
        /// Milliseconds it took.
        ms: u64,
    },
    /// A task that will not run, and why.
    TaskSkipped {
        /// Which.
        task: TaskId,
        /// Why.
        why: String,
    },
    /// Steps of a task that was begun, which will not run, and why.
    StepsSkipped {
        /// The task.
        task: TaskId,
        /// The steps.
        steps: Vec<String>,
        /// Why.
        why: String,
    },
    /// A stage has ended.
    StageEnded {
        /// Its name.
        stage: String,
    },
    /// The person at the terminal pressed Ctrl-C. `count` is 1 for "no new work", 2 for "stop following".
    Interrupted {
        /// How often.
        count: u8,
    },
    /// Our own bug: an event came that [`RunState::apply`](crate::events::RunState::apply) refuses. Made by the
    /// sequencer in place of that event, so that a journal with a bug in it can still be replayed.
    Bug {
        /// Which event, and why it was refused.
        what: String,
    },
    /// Last of all.
    RunEnded {
        /// The exit code of the process.
        code: u8,
        /// What came of it.
        summary: Summary,
    },
}

/// Why the nodes are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookWhy {
    /// To plan.
    First,
    /// Again with the locks held, because another admin may have been faster.
    Locked,
    /// A stage has ended whose outcome the rest of the plan depends on.
    Stage,
    /// Something failed, and what came of it must be read, not guessed.
    Failure,
    /// To see that nothing is left to do.
    End,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum StepEnd {
    /// It changed the node, and its `verify` held.
    Changed,
    /// Its `unless` held: there was nothing to do.
    Unchanged,
    /// A step that only waits or checks has what it waited for.
    Passed,
    /// It failed; the node gets no further step.
    Failed {
        /// All there is to say.
        failure: Failure,
    },
}

/// What failed where, with evidence and remedy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// What is wrong, a lowercase fragment.
    pub what: String,
    /// The part of the step that failed, or the command: `script`, `verify`, `connect`.
    pub command: String,
    /// The exit code, where there is one.
    pub code: Option<u32>,
    /// The last lines of standard error.
    pub stderr: String,
    /// What to do next.
    pub remedy: String,
}

/// Whose fault it is, and which exit code it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The node could not be reached or refused us.
    Unreachable,
    /// A step failed.
    Step,
    /// It is not known whether the step was done: timed out, or the connection broke.
    Unknown,
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// By node.
    pub nodes: BTreeMap<NodeName, NodeSummary>,
    /// Milliseconds from the first event to the last.
    pub ms: u64,
}

/// What came of a run on one node, counted in steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeSummary {
    /// Steps that changed something.
    pub changed: u32,
    /// Steps that left the node as it was: nothing to do, or only a wait or a check.
    pub unchanged: u32,
    /// Steps that failed.
    pub failed: u32,
    /// Tasks that were not begun.
    pub skipped: u32,
    /// Milliseconds that its steps took together.
    pub ms: u64,
    /// The node could not be looked at, the last time we tried.
    pub unreachable: bool,
}
