//! YAML text as a tree with positions, cursors that collect every problem, and how problems are shown.
//!
//! The only place that knows the YAML parser: the event parser that serde-saphyr brings with it. Its own
//! deserializer resolves scalars by guess (`on` becomes true) and stops at the first error, so it is not used.

mod fields;
mod item;
mod merge;
mod parse;
mod problem;
mod render;
mod source;
mod tree;
mod words;

#[cfg(test)]
mod tests;

pub use fields::Fields;
pub use item::{Item, Label};
pub use parse::parse;
pub use problem::{Problem, Problems, Severity};
pub use source::{Source, Span};
pub use tree::{Entry, Key, Kind, Value};
pub use words::{duration, nearest, show};
