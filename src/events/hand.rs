//! What is done on many nodes by hand: a command, or a file to or from each.

use serde::{Deserialize, Serialize};

use crate::events::Failure;
use crate::model::NodeName;

/// How it ended on a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum HandEnd {
    /// The command ended by itself.
    Code {
        /// Its exit code.
        code: u32,
    },
    /// The file is where it should be.
    Done {
        /// False where it was there already.
        changed: bool,
        /// Its bytes.
        bytes: u64,
    },
    /// It did not come about, or it is not known whether it did.
    Failed {
        /// All there is to say.
        failure: Failure,
    },
    /// It was not begun.
    NotBegun {
        /// Why not.
        why: String,
    },
}

impl HandEnd {
    /// Nothing went wrong.
    pub fn is_fine(&self) -> bool {
        matches!(self, Self::Code { code: 0 } | Self::Done { .. })
    }
}

/// It has ended on a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HandEnded {
    /// Which.
    pub node: NodeName,
    /// How.
    #[serde(flatten)]
    pub end: HandEnd,
    /// Milliseconds, connecting included.
    pub ms: u64,
}
