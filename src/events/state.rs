//! Where a run stands.

use std::collections::BTreeMap;

use crate::events::{Countdown, Failure, LookWhy, NodeSummary, StepEnd};
use crate::model::NodeName;
use crate::plan::{Note, Plan, Refusal, TaskId};

/// Where a run stands: the fold of its events. [`RunState::apply`] is the only way to change it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunState {
    pub(super) started: bool,
    pub(super) next_seq: u64,
    pub(super) first_ms: i64,
    pub(super) last_ms: i64,
    pub(super) run: String,
    pub(super) command: String,
    pub(super) inventory: String,
    /// In the inventory's order.
    pub(super) order: Vec<NodeName>,
    pub(super) nodes: BTreeMap<NodeName, NodeState>,
    pub(super) look: Option<Look>,
    pub(super) looks: u32,
    pub(super) plan: Option<Plan>,
    pub(super) plan_before: Option<Plan>,
    pub(super) fresh_notes: Vec<Note>,
    pub(super) tasks: BTreeMap<TaskId, Progress>,
    pub(super) stage: Option<OpenStage>,
    pub(super) stages_done: usize,
    pub(super) refusals: Vec<Refusal>,
    pub(super) hindrances: Vec<Refusal>,
    pub(super) refused: bool,
    pub(super) locked: Vec<NodeName>,
    pub(super) interrupted: u8,
    pub(super) bugs: Vec<String>,
    pub(super) ended: Option<u8>,
}

/// The look that is under way, or the last one.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// Why we look.
    pub why: LookWhy,
    /// When it began, milliseconds since 1970.
    pub since_ms: i64,
    /// How many nodes have not answered.
    pub waiting: usize,
}

/// The stage under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenStage {
    /// Its name.
    pub name: String,
    /// Its place in the plan, from 0.
    pub index: usize,
    /// When it began, milliseconds since 1970.
    pub since_ms: i64,
}

/// How far a task of the present plan has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Waiting,
    Begun,
    Skipped,
}

/// Where a node stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeState {
    /// It is being looked at and has not answered.
    pub looking: bool,
    /// Why it could not be looked at, until it is seen.
    pub unknown: Option<Failure>,
    /// How many looks in a row did not see it.
    pub unknown_looks: u32,
    /// The last stage that a step of it belonged to.
    pub stage: Option<String>,
    /// What runs on it.
    pub step: Option<RunningStep>,
    /// What ran on it last.
    pub last: Option<EndedStep>,
    /// What failed on it last, until a later step of it ends well.
    pub failed: Option<FailedStep>,
    /// Tasks of the plan that are not begun.
    pub todo: u32,
    /// What came of it so far.
    pub counts: NodeSummary,
    /// Place in the stage of the task that began last.
    pub(super) cursor: Option<usize>,
    /// It gets no further step of this plan.
    pub(super) stopped: bool,
}

/// A step that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningStep {
    /// Its task.
    pub task: TaskId,
    /// Its `id`.
    pub step: String,
    /// What it does.
    pub doc: String,
    /// When it began, milliseconds since 1970.
    pub since_ms: i64,
    /// What it said last.
    pub line: String,
    /// How far it is, where it says so.
    pub countdown: Option<Countdown>,
}

/// A step that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct EndedStep {
    /// Its task.
    pub task: TaskId,
    /// Its `id`.
    pub step: String,
    /// What it did.
    pub doc: String,
    /// How it ended.
    pub end: StepEnd,
    /// Milliseconds it took.
    pub ms: u64,
}

/// A step that has failed.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedStep {
    /// Its task.
    pub task: TaskId,
    /// Its `id`.
    pub step: String,
    /// Why, and what to do.
    pub failure: Failure,
}

/// Where a node stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// A step runs on it, or it is being looked at.
    Busy,
    /// A step failed on it.
    Failed,
    /// It could not be looked at.
    Unreachable,
    /// It has tasks to do, and nothing runs.
    Waiting,
    /// Nothing is left to do on it.
    Done,
}

impl NodeState {
    /// Where it stands, in one word.
    pub fn standing(&self) -> Standing {
        if self.step.is_some() || self.looking {
            Standing::Busy
        } else if self.failed.is_some() {
            Standing::Failed
        } else if self.unknown.is_some() {
            Standing::Unreachable
        } else if self.todo > 0 {
            Standing::Waiting
        } else {
            Standing::Done
        }
    }
}

impl RunState {
    /// A run that has not started.
    pub fn new() -> Self {
        Self::default()
    }

    /// The name of the run.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The command, as a person would type it.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// The inventory's path.
    pub fn inventory(&self) -> &str {
        &self.inventory
    }

    /// The nodes in the inventory's order.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = (&NodeName, &NodeState)> {
        self.order.iter().map(|name| (name, &self.nodes[name]))
    }

    /// Where a node stands.
    pub fn node(&self, name: &NodeName) -> Option<&NodeState> {
        self.nodes.get(name)
    }

    /// The look that is under way, or the last one.
    pub fn look(&self) -> Option<&Look> {
        self.look.as_ref()
    }

    /// How often the nodes were looked at.
    pub fn looks(&self) -> u32 {
        self.looks
    }

    /// The plan that is in force.
    pub fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }

    /// False where the plan in force says the same as the one before it.
    pub fn plan_is_news(&self) -> bool {
        self.plan != self.plan_before
    }

    /// The plan in force follows one that was to be continued.
    pub fn plan_was_open(&self) -> bool {
        self.plan_before.as_ref().is_some_and(|plan| plan.open.is_some())
    }

    /// The stage under way.
    pub fn stage(&self) -> Option<&OpenStage> {
        self.stage.as_ref()
    }

    /// All refusals of what was asked for.
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    /// Something has gone wrong half-way: what the planner refuses now is not what was asked for, but the rest of it.
    /// What went wrong gives the exit code.
    pub fn hindered(&self) -> bool {
        let lost = || self.nodes.values().any(|node| node.unknown.is_some());
        match self.look.as_ref().map(|look| look.why) {
            Some(LookWhy::Failure) => true,
            Some(LookWhy::Stage | LookWhy::End) => lost(),
            Some(LookWhy::First | LookWhy::Locked) | None => false,
        }
    }

    /// Where the locks are held.
    pub fn locked(&self) -> &[NodeName] {
        &self.locked
    }

    /// Notes of the plan in force that the one before it did not have.
    pub fn fresh_notes(&self) -> &[Note] {
        &self.fresh_notes
    }

    /// How often Ctrl-C was pressed, as far as it counts: 0, 1, 2.
    pub fn interrupted(&self) -> u8 {
        self.interrupted
    }

    /// Our own bugs, where any came up.
    pub fn bugs(&self) -> &[String] {
        &self.bugs
    }

    /// The exit code, once the run has ended.
    pub fn ended(&self) -> Option<u8> {
        self.ended
    }

    /// The time of the first event, milliseconds since 1970.
    pub fn first_ms(&self) -> i64 {
        self.first_ms
    }

    /// The time of the last event, milliseconds since 1970.
    pub fn last_ms(&self) -> i64 {
        self.last_ms
    }

    /// The number of the next event.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }
}
