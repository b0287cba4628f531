//! Telling what is done by hand: the output of many nodes as it comes, or grouped where it is the same, and how it ended.

mod by_host;
mod ending;
mod grouped;
mod json;
mod kept;
mod progress;
mod teller;
#[cfg(test)]
mod tests;

pub use by_host::ByHost;
pub use ending::{hand_code, hand_ending, hand_failures};
pub use grouped::Grouped;
pub use json::HandJson;
pub use kept::Spill;
pub use progress::Progress;
pub use teller::HandTeller;
