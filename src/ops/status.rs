//! `status`: health, as the cluster itself sees it.

use std::time::Duration;

use crate::events::LookWhy;
use crate::facts::Look;
use crate::model::{Finding, Health};
use crate::ops::run::Run;
use crate::ops::{Fault, Job};
use crate::services::Purpose;

// Between two looks: each asks the bricks what they have to heal, which costs a node half a second of CPU time.
const EVERY: Duration = Duration::from_secs(3);

/// Shows health, once or until Ctrl-C. Answers the exit code: 0 healthy, 7 degraded, 8 down, 4 where no node answers.
pub async fn status(job: Job, watch: bool) -> Result<u8, Fault> {
    show(job, Purpose::Status, watch).await
}

/// Looks, and shows what each room finds in it. Answers the exit code.
pub(super) async fn show(mut job: Job, purpose: Purpose, watch: bool) -> Result<u8, Fault> {
    if watch {
        // What there is to say of nodes stands in the tables.
        job.settings.console = job.settings.console.quiet();
    }
    let run = Run::start(job, false).await?;
    let mut shown;
    let code = loop {
        let look = run.look(LookWhy::First, purpose).await;
        let found = findings(&run, &look, purpose);
        shown = tell(&run, &found, watch).await;
        if watch && shown.is_ok() && !run.context.interrupt.stopping() {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => continue,
                () = run.context.interrupt.pressed() => {}
            }
        }
        break verdict(&look, &found);
    };
    run.end(shown, move |_| code).await
}

/// What all rooms find in a look.
pub(super) fn findings(run: &Run, look: &Look, purpose: Purpose) -> Vec<Finding> {
    run.job.rooms.iter().flat_map(|room| room.findings(look, purpose)).collect()
}

/// Shows it; `again` in place of what was shown last.
pub(super) async fn tell(run: &Run, findings: &[Finding], again: bool) -> Result<(), Fault> {
    let paused = run.context.tell.pause().await;
    let shown = run.job.settings.console.findings(findings, again);
    drop(paused);
    shown.map_err(Fault::Terminal)
}

/// The exit code: 4 where no node answers. A node or a client that is down degrades the cluster; only a service that does not
/// serve is down.
pub(super) fn verdict(look: &Look, findings: &[Finding]) -> u8 {
    if look.nodes.values().all(|seen| seen.known().is_none()) {
        return 4;
    }
    let down = findings
        .iter()
        .any(|finding| !matches!(finding.kind, "node" | "client" | "check") && finding.health == Health::Down);
    match findings.iter().map(|finding| finding.health).max() {
        _ if down => 8,
        None | Some(Health::Healthy) => 0,
        Some(_) => 7,
    }
}
