//! What is wanted of GlusterFS (stand-in until the inventory branch lands).

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::model::NodeName;

/// How many copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replica {
    /// As many as there are members.
    Auto,
    /// This many.
    Fixed(u32),
}

/// What to do about a brick on the root file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DedicatedBrick {
    /// Warn, and use `force`.
    Warn,
    /// Refuse.
    Required,
}

/// A node that shall have a brick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub node: NodeName,
    /// Its address.
    pub address: IpAddr,
    /// How it is named when we name it to gluster.
    pub peer_name: String,
    /// Higher comes first.
    pub priority: Option<u32>,
}

/// The section `storage.glusterfs`, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Volume name.
    pub volume: String,
    /// How many copies.
    pub replica: Replica,
    /// Brick directory, the same on every member.
    pub brick_path: String,
    /// About a brick on the root file system.
    pub dedicated_brick: DedicatedBrick,
    /// Where it is mounted.
    pub mount_point: String,
    /// Volume options.
    pub options: BTreeMap<String, String>,
    /// Made on the mounted volume.
    pub directories: Vec<String>,
    /// Highest priority first.
    pub members: Vec<Member>,
}
