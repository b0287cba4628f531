//! The inventory file: which nodes there are, how they are reached, what is wanted of them.
//!
//! The file is read to a tree with positions and judged as a whole. A room reads its own section of the tree
//! ([`Inventory::section`]) and adds its problems to the same list ([`Draft::judge`]).

mod address;
mod draft;
mod edit;
mod form;
mod keys;
mod node;
mod nodes;
mod path;
mod schema;
mod select;
mod ssh;

pub use draft::{Draft, Inventory, Places};
pub use edit::EditError;
pub use form::{Field, Form, names};
pub use node::{InventoryNode, Role};
pub use schema::schema;
pub use select::{host_names, select};
pub use ssh::{Become, HostKeyChecking, SshSettings};
