//! `plan`: look, decide, show; changes nothing.

use crate::events::LookWhy;
use crate::ops::run::Run;
use crate::ops::{Fault, Job};
use crate::plan::Request;
use crate::services::Purpose;

/// What `plan` is asked for.
#[derive(Clone, Copy, Debug)]
pub struct PlanWish {
    /// Without connecting, as for empty nodes.
    pub offline: bool,
    /// 10 when something would change.
    pub exit_code: bool,
}

/// Shows what `up` would do. Answers the exit code.
pub async fn plan(job: Job, wish: PlanWish) -> Result<u8, Fault> {
    let request = Request { only: job.only.clone(), ..Request::default() };
    let run = Run::start(job, false).await?;
    let look = run.look(LookWhy::First, Purpose::Plan).await;
    let plan = run.decide(&look, &request).await;
    let pending = plan.as_ref().is_some_and(|plan| !plan.is_empty()) && wish.exit_code;
    let outcome = plan.map_or(Ok(()), |plan| run.render(&plan).map(drop));
    run.end(outcome, move |state| match state.exit_code(&request.absent) {
        0 if pending => 10,
        code => code,
    })
    .await
}
