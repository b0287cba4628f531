//! Use cases: each reads as named steps on one screen.

mod add;
mod ask;
mod change;
mod check;
mod connect;
mod fault;
mod hand;
mod job;
mod own;
mod plan;
mod remove;
mod replace;
mod run;
mod saved;
mod settings;
mod shell;
mod show;
mod status;
mod targets;
mod tellers;
mod up;

pub use add::{AddWish, add};
pub use change::{ChangeError, InventoryChange};
pub use check::{check, schema};
pub use fault::Fault;
pub use hand::{ExecWish, GetWish, HandWish, PutWish, exec, get, put, time};
pub use job::Job;
pub use own::{RunWish, run_file};
pub use plan::{PlanWish, plan};
pub use remove::{RemoveWish, remove};
pub use replace::{ReplaceWish, replace};
pub use saved::SavedPlan;
pub use settings::{Access, SETUP_LOG, SchemaKind, Settings};
pub use shell::shell;
pub use status::status;
pub use up::{UpWish, up};
