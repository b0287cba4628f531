//! The laws of the planner, proved against a small simulator of GlusterFS.

mod arbiter;
mod checkup;
mod disk;
mod maintenance;
mod options;
mod props;
mod rebalance;
mod restore;
mod several;
mod sim;
mod split;
mod tables;
mod unsafe_acts;
