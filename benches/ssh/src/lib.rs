//! What the floor and the measurement of our transport have in common: the hosts, the fan-out, and what they cost.

mod fleet;
mod usage;

pub use fleet::{Fleet, fan_out};
pub use usage::Usage;
