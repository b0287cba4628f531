//! `rebalance`: how far one is; start, stop.

use crate::ops::heal::ALL_SHOWN;
use crate::ops::status::show;
use crate::ops::{Fault, Job, UpWish, up};
use crate::plan::{Act, Rebalance};
use crate::services::Purpose;

/// What `rebalance` is asked for.
#[derive(Clone, Debug, Default)]
pub struct RebalanceWish {
    /// Nothing is only to be shown.
    pub what: Option<Rebalance>,
    /// Of this volume.
    pub part: Option<String>,
    /// Show it again and again.
    pub watch: bool,
    /// Show, and stop.
    pub dry_run: bool,
    /// Do not ask.
    pub yes: bool,
}

/// Does it. Answers the exit code; without anything to do, that of `status`, about the rebalance alone.
pub async fn rebalance(job: Job, wish: RebalanceWish) -> Result<u8, Fault> {
    let RebalanceWish { what, part, watch, dry_run, yes } = wish;
    match what {
        None if part.is_some() => Err(Fault::Usage(ALL_SHOWN.to_owned())),
        None => show(job, Purpose::Rebalance, watch).await,
        Some(_) if watch => Err(Fault::Usage("`--watch` is for `rebalance status`".to_owned())),
        Some(what) => {
            up(job, UpWish { act: Some(Act::Rebalance(what)), part, dry_run, yes, ..UpWish::default() }).await
        }
    }
}
