//! The GlusterFS room.
//!
//! `spec` is what is wanted, `probe` asks, `facts` says what the answers mean, `plan` decides, `laws` proves it
//! against a simulator.

pub mod facts;
pub mod plan;
pub mod probe;
pub mod spec;

#[cfg(test)]
mod laws;
