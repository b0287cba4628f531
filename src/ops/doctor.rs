//! `doctor`: what is wrong, or soon will be, and what to do; what is safe to mend, where that is asked for.

use crate::advice;
use crate::events::LookWhy;
use crate::model::Finding;
use crate::ops::run::Run;
use crate::ops::status::{findings, tell, verdict};
use crate::ops::{Fault, Job, UpWish, up};
use crate::services::Purpose;

/// What `doctor` is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct DoctorWish {
    /// Mend what can be mended without changing who is a member: what `up` would do then.
    pub fix: bool,
    /// Do not ask.
    pub yes: bool,
}

/// Does it. Answers the exit code: as `status`, or of what was mended.
pub async fn doctor(job: Job, wish: DoctorWish) -> Result<u8, Fault> {
    if wish.fix {
        return up(job, UpWish { mends: true, yes: wish.yes, ..UpWish::default() }).await;
    }
    let run = Run::start(job, false).await?;
    let look = run.look(LookWhy::First, Purpose::Checkup).await;
    let mut found = findings(&run, &look, Purpose::Checkup);
    found.iter_mut().for_each(advise);
    let shown = tell(&run, &found, false).await;
    let code = verdict(&look, &found);
    run.end(shown, move |_| code).await
}

// A message that is known says more than where it stands.
fn advise(finding: &mut Finding) {
    let known = finding.seen.iter().find_map(|(_, seen)| advice::of(seen));
    if let Some(advice) = known.filter(|_| finding.remedy.is_some()) {
        finding.remedy = Some(format!("{}; {}", advice.means, advice.next));
    }
}
