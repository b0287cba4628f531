//! Use cases: each reads as named steps on one screen.

mod ask;
mod check;
mod connect;
mod fault;
mod job;
mod plan;
mod run;
mod settings;
mod show;
mod status;
mod targets;
mod tellers;
mod up;

pub use check::{check, schema};
pub use fault::Fault;
pub use job::Job;
pub use plan::{PlanWish, plan};
pub use settings::{Access, SchemaKind, Settings};
pub use status::status;
pub use up::{UpWish, up};
