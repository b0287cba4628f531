//! Pending heals.

use quick_xml::de::from_str;
use serde::Deserialize;

use crate::services::glusterfs::facts::cli::one_line;

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
    let start = text.find("<?xml").or_else(|| text.find("<cliOutput")).ok_or_else(|| one_line(text))?;
    let answer: Cli = from_str(&text[start..]).map_err(|error| format!("unreadable XML: {error}"))?;
    if answer.op_ret != 0 {
        return Err(one_line(&answer.op_errstr));
    }
    let bricks = answer.heal_info.map(|info| info.bricks.brick).unwrap_or_default();
    Ok(bricks
        .into_iter()
        .map(|brick| BrickHeal {
            connected: brick.status == "Connected",
            entries: brick.number_of_entries.parse().ok(),
            name: brick.name,
        })
        .collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cli {
    op_ret: i64,
    #[serde(default)]
    op_errstr: String,
    heal_info: Option<HealInfo>,
}

#[derive(Deserialize)]
struct HealInfo {
    bricks: Bricks,
}

#[derive(Deserialize)]
struct Bricks {
    #[serde(default)]
    brick: Vec<Brick>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Brick {
    name: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    number_of_entries: String,
}
