//! What messages mean that gluster, mounts, packages, ssh and sudo print, and what to type then. Pure.

mod known;
mod table;
#[cfg(test)]
mod tests;

pub use known::{Advice, nearest, of};
pub use table::{KNOWN, Known};
