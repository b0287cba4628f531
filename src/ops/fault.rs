//! What ends a command before it has begun.

use crate::exec::hand::LoadError;
use crate::ops::ChangeError;
use crate::playbook::{Faults, RenderError};
use crate::report::FolderError;
use crate::transport::ConnectError;
use crate::yaml::Problems;

/// Why a command could not begin. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The command line asks for something that is not there.
    #[error("{0}")]
    Usage(String),
    /// It would not be safe.
    #[error("refused: {0}")]
    Unsafe(String),
    /// The inventory.
    #[error("the inventory is not valid")]
    Inventory(Box<Problems>),
    /// A folder of playbooks.
    #[error("the playbooks are not valid")]
    Playbooks(Faults),
    /// A plan and its playbook do not fit.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The journal cannot be kept.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The journal cannot be written.
    #[error("cannot write the journal in `{0}`")]
    Journal(std::path::PathBuf, #[source] std::io::Error),
    /// The inventory cannot be changed.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// Something on this machine.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// What is to be sent cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// No backup came about.
    #[error("no backup was taken: {0}")]
    Backup(String),
    /// The terminal, or the pipe in its place, went away.
    #[error("cannot use the terminal")]
    Terminal(#[source] std::io::Error),
    /// What nodes print can go nowhere.
    #[error("what the nodes print can neither be shown nor kept")]
    Output(#[source] std::io::Error),
    /// A task of our own has panicked.
    #[error("a bug of bricklayer")]
    Bug(#[from] tokio::task::JoinError),
}

impl Fault {
    /// The exit code (`--help` lists them).
    pub fn code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Load(_) => 2,
            Self::Inventory(_) | Self::Playbooks(_) | Self::Render(_) => 3,
            Self::Connect(_) => 4,
            Self::Unsafe(_) => 5,
            Self::Backup(_)
            | Self::Folder(_)
            | Self::Journal(..)
            | Self::Change(_)
            | Self::Terminal(_)
            | Self::Output(_) => 1,
            Self::Bug(_) => 70,
        }
    }
}
