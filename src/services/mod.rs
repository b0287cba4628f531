//! One room a service, all of the same shape, all pure: what is wanted, what to ask, what the answers mean, and
//! what to do. To add a service, copy a room, add its variant to [`crate::model::Service`] and its line to
//! [`open`].

pub mod glusterfs;
mod room;

pub use room::{MANAGED, Purpose, Room, Rooms, open};
