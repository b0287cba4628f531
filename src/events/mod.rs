//! What happens in a run, as typed events, and the one fold of them.

mod event;

pub use event::{Event, Failure, FailureKind, NodeSummary, Stamped, StepEnd, Summary};
