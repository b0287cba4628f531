//! Who is told of a run.

use std::io::{IsTerminal, stderr, stdout};

use jiff::Timestamp;

use crate::events::Teller;
use crate::ops::{Fault, Job, Output};
use crate::report::{Journal, Json, Paint, Plain, RunFolder, state_home};

/// The run's name, and its tellers: the journal first, so that what was shown was written down.
pub(super) fn choose(job: &Job, journal: bool) -> Result<(String, Vec<Box<dyn Teller>>), Fault> {
    let now = Timestamp::now();
    if !journal {
        return Ok((now.strftime("%Y%m%d-%H%M%S").to_string(), vec![console(job)]));
    }
    let folder = RunFolder::create(&state_home(&|name| std::env::var_os(name))?, now)?;
    let journal = Journal::create(&folder.path).map_err(|error| Fault::Journal(folder.path.clone(), error))?;
    Ok((folder.name, vec![Box::new(journal), console(job)]))
}

fn console(job: &Job) -> Box<dyn Teller> {
    let settings = &job.settings;
    match settings.output {
        Output::Json => Box::new(Json::new(stdout())),
        Output::Human => {
            let paint = Paint::choose(settings.color, stdout().is_terminal(), &|name| std::env::var(name).ok());
            Box::new(Plain::new(stdout(), stderr(), paint, settings.verbose))
        }
    }
}
