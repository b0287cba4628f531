//! Telling people and programs what happens: every output is a fold of the events.

mod color;
mod folder;
mod hand;
pub mod hosts;
mod journal;
mod json;
mod layout;
mod live;
mod plain;
mod plan_text;
mod row_text;
mod rows;
mod said;
mod say;
mod status;
mod streams;
mod summary;
#[cfg(test)]
mod tests;
mod text;

pub use color::{ColorChoice, Paint};
pub use folder::{FolderError, RunFolder, backup_home, list_runs, state_home};
pub use hand::{ByHost, Grouped, HandJson, HandTeller, Progress, Spill, hand_code, hand_ending, hand_failures};
pub use journal::{EVENTS, Journal, JournalError, Replay};
pub use json::Json;
pub use layout::{marked, pretty};
pub use live::Live;
pub use plain::Plain;
pub use plan_text::{PlanText, StepKind, StepText, Steps};
pub use row_text::row_lines;
pub use rows::{NodeRow, Row, Size, rows};
pub use said::{Mark, Said};
pub use say::say;
pub use status::{grid, status_json, status_metrics, status_tables};
pub use streams::{Console, Format, print};
pub use summary::{ending, meaning, table};
pub use text::{clean, count, duration};
