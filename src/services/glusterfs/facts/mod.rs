//! What the answers of the probe mean.

mod brick;
mod brick_disk;
mod checkup;
mod cli;
mod heal;
mod healing;
mod health;
mod index;
mod mount;
mod node;
mod packages;
mod quorum;
mod read;
mod rebalance;
mod several;
mod split;

pub use brick::{BrickDir, Disk, hex_to_uuid};
pub use brick_disk::BrickDisk;
pub use checkup::Checkup;
pub use cli::{Brick, Peer, Volume, VolumeStatus, options_of};
pub use heal::{BrickHeal, heal_answers, heal_info};
pub use healing::{healing, looks};
pub use health::health;
pub use index::{FileCopy, Index, Marks, indices};
pub use mount::MountFacts;
pub use node::{Asked, Daemon, NodeFacts};
pub use packages::Packages;
pub use quorum::{writes, writes_need};
pub use read::own_uuid;
pub use rebalance::{Moving, MovingState, moves, moving, rebalancing};
pub use several::together;
pub use split::{BrickCopy, Dispute, SplitBrain, Undecided, index, listed, split_brains, undecided};

#[cfg(test)]
mod tests;
