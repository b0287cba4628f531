//! The decision, a pure function of what is wanted, seen and asked.

mod bricks;
mod build;
mod change;
mod checkup;
mod clients;
mod cluster;
mod decide;
mod disk;
mod emptied;
mod firewall;
mod growth;
mod heal;
mod hosts;
mod identity;
mod leaver;
mod leaving;
mod maintenance;
mod mount;
pub mod mount_unit;
mod options;
mod places;
mod pool;
mod prepare;
mod rebalance;
mod removal;
mod restore;
mod several;
mod upgrade;
mod view;
mod volume;

pub use checkup::checkup;
pub use decide::decide;
pub use several::decide_all;
pub use view::Nodes;
