//! By hand: a command, or a file, on nodes of the inventory or on any hosts.

mod crew;
mod exec;
mod transfer;
mod wish;

pub use exec::exec;
pub use transfer::{get, put};
pub use wish::{ExecWish, GetWish, HandWish, PutWish, time};
