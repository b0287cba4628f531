//! How well something is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A verdict; the worst of several is the greatest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// All is as wanted.
    #[default]
    Healthy,
    /// It serves, with less than what is wanted.
    Degraded,
    /// It does not serve.
    Down,
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Down => "down",
        })
    }
}

/// One thing that was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about: `node`, `volume`, `heal`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// The verdict.
    pub health: Health,
    /// What was seen, column by column: a heading and a value.
    pub seen: Vec<(&'static str, String)>,
    /// What is wrong and what to do, where something is.
    pub remedy: Option<String>,
}
