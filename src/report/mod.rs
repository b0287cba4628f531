//! Telling people and programs what happens: every output is a fold of the events.

mod color;
mod folder;
pub mod hosts;
mod journal;
mod json;
mod layout;
mod plain;
mod said;
mod say;
mod status;
mod summary;
#[cfg(test)]
mod tests;
mod text;

pub use color::{ColorChoice, Paint};
pub use folder::{FolderError, RunFolder, list_runs, state_home};
pub use journal::{EVENTS, Journal, JournalError, Replay};
pub use json::Json;
pub use layout::{marked, pretty};
pub use plain::Plain;
pub use said::{Mark, Said};
pub use say::say;
pub use status::status_lines;
pub use summary::{ending, table};
pub use text::{clean, count, duration};
