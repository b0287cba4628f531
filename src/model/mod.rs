//! Leaf vocabulary that every other module may use.

mod health;
mod hop;
mod node;
pub mod pattern;
mod secret;
mod service;
mod share;
pub mod shell;
mod side;
pub mod sum;

pub use health::{Finding, Health};
pub use hop::Hop;
pub use node::NodeName;
pub use secret::Secret;
pub use service::Service;
pub use share::Share;
pub use side::Side;
