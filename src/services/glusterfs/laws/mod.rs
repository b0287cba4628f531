//! The laws of the planner, proved against a small simulator of GlusterFS.

mod props;
mod rebalance;
mod sim;
mod split;
mod tables;
