//! What the answers of the probe mean.

mod brick;
mod cli;
mod heal;
mod health;
mod mount;
mod node;
mod read;

pub use brick::{BrickDir, hex_to_uuid};
pub use cli::{Brick, Peer, Volume, VolumeStatus};
pub use heal::{BrickHeal, heal_info};
pub use health::health;
pub use mount::MountFacts;
pub use node::{Asked, Daemon, NodeFacts};

#[cfg(test)]
mod tests;
