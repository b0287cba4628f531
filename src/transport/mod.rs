//! The only way to a node: a trait, its russh implementation, and a scripted fake.

mod api;

pub use api::{Captured, ConnectError, Exit, Held, HoldError, Holding, Outcome, RunError, Script, Session, Transport};
