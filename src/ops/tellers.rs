//! Who is told of a run.

use jiff::Timestamp;

use crate::events::Teller;
use crate::ops::{Fault, Job};
use crate::report::{Journal, RunFolder, state_home};

/// The run's name, and its tellers: the journal first, so that what was shown was written down.
pub(super) fn choose(job: &Job, journal: bool) -> Result<(String, Vec<Box<dyn Teller>>), Fault> {
    let now = Timestamp::now();
    let mut tellers = job.settings.console.tellers();
    if !journal {
        return Ok((now.strftime("%Y%m%d-%H%M%S").to_string(), tellers));
    }
    let folder = RunFolder::create(&state_home(&|name| std::env::var_os(name))?, now)?;
    let journal = Journal::create(&folder.path).map_err(|error| Fault::Journal(folder.path.clone(), error))?;
    tellers.insert(0, Box::new(journal));
    Ok((folder.name, tellers))
}
