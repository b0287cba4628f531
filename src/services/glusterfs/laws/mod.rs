//! The laws of the planner, proved against a small simulator of GlusterFS.

mod props;
mod sim;
mod split;
mod tables;
