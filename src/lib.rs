//! Bricklayer: an agentless, push-based fleet runner over SSH for `GlusterFS` and HA controller clusters.
//!
//! A run is *see, decide, say, do, tell*: [`facts`] sees, [`plan`] and [`services`] decide, [`playbook`] says it
//! as shell, [`exec`] does it through [`transport`], [`report`] tells it. Everything between is a function from
//! data to data. `tests/edges.rs` holds every file to the table of who may use whom.

pub mod advice;
pub mod cli;
pub mod events;
pub mod exec;
pub mod facts;
pub mod inventory;
pub mod model;
pub mod ops;
pub mod plan;
pub mod playbook;
pub mod report;
pub mod services;
pub mod transport;
pub mod yaml;
