//! `maintenance`, `upgrade`: nodes out of service for a while, one at a time.

use crate::ops::remove::unknown;
use crate::ops::{Fault, Job, UpWish, up};
use crate::plan::{Act, Duty, Rolling};

/// What `maintenance` is asked for.
#[derive(Clone, Debug)]
pub struct MaintenanceWish {
    /// By name or address.
    pub node: String,
    /// Out or back.
    pub duty: Duty,
    /// Show, and stop.
    pub dry_run: bool,
    /// Do not ask.
    pub yes: bool,
}

/// Does it. Answers the exit code.
pub async fn maintenance(job: Job, wish: MaintenanceWish) -> Result<u8, Fault> {
    let MaintenanceWish { node, duty, dry_run, yes } = wish;
    let known = job.inventory.named(&node).map(|node| node.name.clone());
    let node = known.ok_or_else(|| Fault::Usage(unknown(&job.inventory, &node)))?;
    up(job, UpWish { act: Some(Act::Maintenance(node, duty)), dry_run, yes, ..UpWish::default() }).await
}

/// What all nodes go out of service for, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct RollingWish {
    /// What is done then.
    pub what: Rolling,
    /// Show, and stop.
    pub dry_run: bool,
    /// Do not ask.
    pub yes: bool,
}

/// Does it. Answers the exit code.
pub async fn rolling(job: Job, wish: RollingWish) -> Result<u8, Fault> {
    let RollingWish { what, dry_run, yes } = wish;
    up(job, UpWish { act: Some(Act::Rolling(what)), dry_run, yes, ..UpWish::default() }).await
}
