//! The folders of the runs, on the workstation.

use std::ffi::OsString;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::report::EVENTS;

/// The folder of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    /// The run's name: when it began (UTC), and the process: `20251122-130111-1f3a`. Names sort by time.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// Why the runs' folders cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// We do not know where to put them.
    #[error("there is no place for journals and backups: neither `XDG_STATE_HOME` nor `HOME` is an absolute path")]
    NoHome,
    /// The folder cannot be made.
    #[error("cannot create the run's folder `{path}`")]
    Create {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder cannot be listed.
    #[error("cannot list the runs in `{path}`")]
    List {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Where all runs are: `$XDG_STATE_HOME/bricklayer/runs`, or under `~/.local/state`. `env` reads an environment
/// variable. A relative path is ignored, as the XDG base directory specification asks.
pub fn state_home(env: &dyn Fn(&str) -> Option<OsString>) -> Result<PathBuf, FolderError> {
    own_home(env, "runs")
}

/// Where all backups are, in the same way.
pub fn backup_home(env: &dyn Fn(&str) -> Option<OsString>) -> Result<PathBuf, FolderError> {
    own_home(env, "backups")
}

fn own_home(env: &dyn Fn(&str) -> Option<OsString>, folder: &str) -> Result<PathBuf, FolderError> {
    let absolute = |name: &str| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
    state.map(|state| state.join("bricklayer").join(folder)).ok_or(FolderError::NoHome)
}

impl RunFolder {
    /// Makes the folder of a new run in `runs`, readable by its owner only.
    pub fn create(runs: &Path, now: Timestamp) -> Result<Self, FolderError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| FolderError::Create { path, source }
        };
        DirBuilder::new().recursive(true).mode(0o700).create(runs).map_err(failed(runs))?;
        let stem = format!("{}-{:04x}", now.strftime("%Y%m%d-%H%M%S"), std::process::id());
        for attempt in 1..100 {
            let name = if attempt == 1 { stem.clone() } else { format!("{stem}-{attempt}") };
            let path = runs.join(&name);
            match DirBuilder::new().mode(0o700).create(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(&path)(error)),
                Ok(()) => return Ok(Self { name, path }),
            }
        }
        Err(failed(runs)(io::ErrorKind::AlreadyExists.into()))
    }
}

/// All runs that have a journal, the newest first. No folder at all is no run.
pub fn list_runs(runs: &Path) -> Result<Vec<RunFolder>, FolderError> {
    let failed = |source| FolderError::List { path: runs.to_owned(), source };
    let entries = match std::fs::read_dir(runs) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(failed)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if let (Some(name), true) = (path.file_name(), path.join(EVENTS).is_file()) {
            found.push(RunFolder { name: name.to_string_lossy().into_owned(), path });
        }
    }
    found.sort_by(|a, b| b.name.cmp(&a.name));
    Ok(found)
}
