//! What is asked for.

use std::path::PathBuf;
use std::time::Duration;

use crate::model::Share;
use crate::yaml::duration;

/// A time with its unit: `90s`.
pub fn time(text: &str) -> Result<Duration, String> {
    duration(text).filter(|time| !time.is_zero()).ok_or_else(|| format!("`{text}` is no time like `90s`, `10m`, `2h`"))
}

/// How anything is done by hand.
#[derive(Clone, Copy, Debug)]
pub struct HandWish {
    /// As root.
    pub become_root: bool,
    /// So many nodes at a time.
    pub serial: Option<Share>,
    /// When more have failed, no further one is begun. Without it, that is one where `serial` is given, and none otherwise.
    pub max_fail: Option<Share>,
}

/// A command.
#[derive(Clone, Debug)]
pub struct ExecWish {
    /// How.
    pub hand: HandWish,
    /// Variables of its environment.
    pub env: Vec<(String, String)>,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// Equal output once.
    pub group: bool,
    /// One is a line for `sh`, several are a program and its arguments.
    pub words: Vec<String>,
}

/// A file or folder to the nodes.
#[derive(Clone, Debug)]
pub struct PutWish {
    /// How.
    pub hand: HandWish,
    /// Permissions of a file.
    pub mode: Option<u32>,
    /// `USER[:GROUP]`.
    pub owner: Option<String>,
    /// Here.
    pub from: PathBuf,
    /// There.
    pub to: String,
}

/// A file or folder from the nodes.
#[derive(Clone, Debug)]
pub struct GetWish {
    /// How.
    pub hand: HandWish,
    /// There.
    pub from: String,
    /// A folder here.
    pub to: PathBuf,
}
