//! Who is told of a run.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::events::Teller;
use crate::ops::{Fault, Job};
use crate::report::{Journal, RunFolder, state_home};

/// How a run is known, and who is told of it.
pub(super) struct Tellers {
    pub(super) name: String,
    /// Where it keeps its journal, if it does.
    pub(super) folder: Option<PathBuf>,
    /// The journal first, so that what was shown was written down.
    pub(super) all: Vec<Box<dyn Teller>>,
}

/// The tellers of a run that begins now.
pub(super) fn choose(job: &Job, journal: bool) -> Result<Tellers, Fault> {
    let now = Timestamp::now();
    let mut tellers = job.settings.console.tellers();
    if !journal {
        let name = now.strftime("%Y%m%d-%H%M%S").to_string();
        return Ok(Tellers { name, folder: None, all: tellers });
    }
    let folder = RunFolder::create(&state_home(&|name| std::env::var_os(name))?, now)?;
    let journal = Journal::create(&folder.path).map_err(|error| Fault::Journal(folder.path.clone(), error))?;
    tellers.insert(0, Box::new(journal));
    Ok(Tellers { name: folder.name, folder: Some(folder.path), all: tellers })
}
