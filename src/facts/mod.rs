//! What was seen on the nodes: the probe that asks, the answers, and the facts that every node has.
//!
//! One script a node, one round trip. A room adds its own sections to the probe and reads its own answers.

mod answers;
mod host;
mod probe;
mod seen;

pub use answers::{Answer, Answers};
pub use host::{HostFacts, OsFamily};
pub use probe::{NOT_ASKED, Probe, Section};
pub use seen::{Look, NodeLook, Seen};
