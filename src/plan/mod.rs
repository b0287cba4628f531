//! A plan: stages of waves of tasks, with its reasons. Data only.

mod contract;
mod note;
mod request;
mod stage;
mod surprise;
mod task;

pub use contract::Contract;
pub use note::{Level, Note, Refusal};
pub use request::{Act, By, Duty, Mode, PARCEL, Rebalance, Request, Resolve, Rolling, Settings};
pub use stage::{Plan, Stage, Then, Wave};
pub use surprise::surprises;
pub use task::{Task, TaskId, Var, Vars};
