//! The GlusterFS room.
//!
//! `spec` is what is wanted, `probe` asks, `facts` says what the answers mean, `plan` decides, `laws` proves it
//! against a simulator.

mod contract;
pub mod facts;
pub mod plan;
pub mod probe;
mod room;
pub mod spec;

pub use contract::CONTRACTS;
pub use room::Glusterfs;

#[cfg(test)]
mod laws;
