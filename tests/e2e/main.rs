//! End to end: the real program against real nodes with real daemons.
//!
//! Every test here needs root and the lab (`tests/lab/README.md`), and is ignored by a plain `cargo test`;
//! `make e2e` runs them. Each boots nodes of its own, in a network of its own, and takes them down at the end.

#![expect(clippy::unwrap_used, unreachable_pub, reason = "a test that cannot go on has failed; it exports nothing")]
#![expect(clippy::print_stderr, reason = "a soak of an hour says how far it is")]

mod checks;
mod hand;
mod harness;
#[path = "../sshd/memory.rs"]
mod memory;
mod trouble;
mod writer;

mod arbiter;
mod backups;
mod bring_up;
mod by_hand;
mod clients;
mod disks;
mod distributions;
mod doctor;
mod firewall;
mod floods;
mod full;
mod growth;
mod jobs;
mod joiners;
mod killed;
mod maintenance;
mod own;
mod places;
mod power;
mod power_cuts;
mod readme;
mod removal;
mod split;
mod strangers;
mod two_at_once;
mod unfit;
mod verbs_cut;
mod volumes;
mod ways;
