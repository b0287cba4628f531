//! By hand: one command, or one file, on many nodes. No plan stands behind it, and nothing is locked.

mod command;
mod each;
mod fetch;
mod local;
mod send;
#[cfg(test)]
mod tests;

pub use command::{Order, command};
pub use each::{Pace, each};
pub use fetch::fetch;
pub(super) use fetch::receive;
pub use local::{Load, LoadError, sum};
pub(super) use send::deliver;
pub use send::{Put, send};
