//! Why an event cannot be.

use crate::model::NodeName;
use crate::plan::TaskId;

/// An event that cannot come where it came: a bug of ours, never of a node or a user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IllegalTransition {
    /// An event is missing, or came twice.
    #[error("event {found} came where {wanted} was next")]
    Sequence {
        /// The number that was next.
        wanted: u64,
        /// The number that came.
        found: u64,
    },
    /// The stamp is older than the one before.
    #[error("time ran backwards by {0} ms")]
    Backwards(i64),
    /// Anything but the start comes first.
    #[error("the run has not started")]
    NotStarted,
    /// A second start.
    #[error("the run has started already")]
    StartedTwice,
    /// A node is named twice in the run's start.
    #[error("node `{0}` is named twice")]
    NodeTwice(NodeName),
    /// Anything after the end.
    #[error("the run has ended")]
    Ended,
    /// A node that the run does not know.
    #[error("node `{0}` is not part of this run")]
    Stranger(NodeName),
    /// Steps left out of a task that was not begun.
    #[error("task `{0}` was not begun")]
    NotBegun(TaskId),
    /// An answer of a node that is not being looked at, or has answered in this look.
    #[error("node `{0}` answers, but is not being looked at")]
    NotLooking(NodeName),
    /// Something that needs a finished look while one is under way.
    #[error("a look is not finished: `{0}` has not answered")]
    LookOpen(NodeName),
    /// Something that needs quiet nodes while a step runs.
    #[error("a step still runs on `{0}`")]
    StepOpen(NodeName),
    /// Something that needs all stages ended while one is under way.
    #[error("stage `{0}` has not ended")]
    StageOpen(String),
    /// A task begins outside of its stage.
    #[error("task `{0}` is not part of the stage under way")]
    OutsideStage(TaskId),
    /// A stage or task before there is a plan, or one that the plan does not have.
    #[error("`{0}` is not in the plan")]
    NotPlanned(String),
    /// A stage that comes again, or after a later one.
    #[error("stage `{0}` is out of order")]
    StageOrder(String),
    /// A stage ends that is not the one under way.
    #[error("stage `{0}` is not the one under way")]
    NotTheStage(String),
    /// Work after a refusal, without a new look and plan.
    #[error("the run was refused")]
    Refused,
    /// Locks are taken twice.
    #[error("the locks are held already")]
    LockedTwice,
    /// A step begins on a node where one runs.
    #[error("step `{step}` begins on `{node}`, where `{running}` runs")]
    Busy {
        /// The node.
        node: NodeName,
        /// What would begin.
        step: String,
        /// What runs.
        running: String,
    },
    /// A step begins on a node that could not be looked at.
    #[error("a step begins on `{0}`, which could not be looked at")]
    Unseen(NodeName),
    /// A step begins on a node where one has failed since the plan was made.
    #[error("a step begins on `{0}`, which has failed")]
    Stopped(NodeName),
    /// A task begins again, or after a later one of its node.
    #[error("task `{0}` is out of order")]
    TaskOrder(TaskId),
    /// A task is skipped that was begun, or begun that was skipped.
    #[error("task `{0}` was begun or skipped before")]
    TaskSettled(TaskId),
    /// A line or an end of a step that does not run.
    #[error("step `{step}` of `{task}` does not run")]
    NotRunning {
        /// Its task.
        task: TaskId,
        /// The step.
        step: String,
    },
    /// Ctrl-C is counted 1, 2.
    #[error("interruption {0} is out of order")]
    Interruption(u8),
    /// The summary that comes with the end is not what the events add up to.
    #[error("the summary is not what the events add up to")]
    Summary,
}
