//! What is wanted: `storage.glusterfs` of the inventory, and the nodes that take part.

mod fields;
mod members;
mod paths;
mod several;
mod volume;
mod wanted;

pub use fields::FIELDS;
pub use wanted::{Access, Client, DedicatedBrick, Leaver, Member, PeerNames, Replica, Spec};
