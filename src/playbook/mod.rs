//! Playbooks: steps in YAML, printed as POSIX sh by strict templates, each with what it needs and what must hold
//! afterwards.
//!
//! A library is loaded and judged as a whole; what it renders is data again: `plan` prints it, `exec` runs it.
//! A value is quoted where it is printed, and a place where quoting would not help is refused when the playbook
//! is loaded. A new playbook is a file in `playbooks/SERVICE/`, a line in `builtin.rs`, and a contract in the room.

mod builtin;
mod end;
mod library;
mod load;
mod own;
mod place;
mod program;
mod quoting;
mod render;
mod scan;
mod schema;
mod sh;
mod step;
mod template;
mod write;

#[cfg(test)]
mod tests;

pub use end::{End, is_mark, read_end, without_marks};
pub use library::{Faults, Library};
pub use own::{OF_NODE, Own};
pub use program::NodeLog;
pub use render::{Kind, RenderError, Rendered, RenderedStep};
pub use schema::schema;
pub use write::RenderedFile;
