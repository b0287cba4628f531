//! The two outputs of a command.

use serde::{Deserialize, Serialize};

/// Which of its outputs a command has written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}
