//! Doing what was planned: sessions, looks, locks, stages, steps. Knows no service by name.

mod archive;
mod context;
mod explain;
mod fleet;
pub mod hand;
mod interrupt;
mod lock;
mod look;
mod printed;
mod stage;
mod step;

pub use archive::{archive, archive_name, deliver};
pub use context::Context;
pub use fleet::Fleet;
pub use interrupt::Interrupt;
pub use lock::{LockError, Locks, take as lock};
pub use look::look;
pub use stage::{Ready, StageEnd, run_stage, run_waves};

#[cfg(test)]
mod tests;
