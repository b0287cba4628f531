//! Pending heals.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::services::glusterfs::facts::{Undecided, cli, undecided};

/// Pending heals as one brick sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrickHeal {
    /// `host:path`.
    pub name: String,
    /// The brick answered.
    pub connected: bool,
    /// Entries to heal. `None` where gluster prints `-`: unknown, never 0 (fact T13).
    pub entries: Option<u64>,
}

/// Reads `volume heal V info --xml`.
pub fn heal_info(text: &str) -> Result<Vec<BrickHeal>, String> {
    let read = |brick: Counted| BrickHeal {
        connected: brick.status == "Connected",
        entries: brick.number_of_entries.parse().ok(),
        name: brick.name,
    };
    Ok(by_brick(text)?.into_iter().map(read).collect())
}

/// Reads `volume heal V info --xml` and, where something is to be healed, `volume heal V info split-brain --xml` after it.
/// What is to be healed of neither kind is not in split-brain.
pub fn heal_answers(text: &str) -> (Option<Vec<BrickHeal>>, Option<Undecided>) {
    let second = text.match_indices("<?xml").nth(1).map_or(text.len(), |(at, _)| at);
    let Ok(bricks) = heal_info(&text[..second]) else { return (None, None) };
    let nothing = bricks.iter().all(|brick| brick.entries == Some(0));
    let split = if nothing { Some(Undecided::new()) } else { undecided(&text[second..]).ok() };
    (Some(bricks), split)
}

/// What `volume heal V info` or one of its kin says of each brick, of which only what `B` has is read.
pub(super) fn by_brick<B: DeserializeOwned>(text: &str) -> Result<Vec<B>, String> {
    let answer: Cli<B> = cli::read(text, |answer: &Cli<B>| (answer.op_ret, &answer.op_errstr))?;
    Ok(answer.heal_info.map(|info| info.bricks.brick).unwrap_or_default())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cli<B> {
    op_ret: i64,
    #[serde(default)]
    op_errstr: String,
    heal_info: Option<HealInfo<B>>,
}

#[derive(Deserialize)]
struct HealInfo<B> {
    bricks: Bricks<B>,
}

#[derive(Deserialize)]
struct Bricks<B> {
    #[serde(default = "Vec::new")]
    brick: Vec<B>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counted {
    name: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    number_of_entries: String,
}
