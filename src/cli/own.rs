//! `run` and `ssh`, as `clap` reads them.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use crate::model::Share;
use crate::ops::RunWish;

/// Options of `run`.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// The playbook: the same format as the built-in ones; a `lib.sh` beside it is read first
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// A variable that the playbook declares; it is text, and no place for a secret: it is in the journal
    #[arg(short = 'e', long = "var", value_name = "KEY=VALUE", value_parser = variable)]
    pub vars: Vec<(String, String)>,
    /// So many nodes at a time, in the order of the inventory; all of them otherwise
    #[arg(long, value_name = "N|P%", value_parser = some)]
    pub serial: Option<Share>,
    /// Go on while no more nodes than this have failed, those that cannot be reached included
    #[arg(long, value_name = "N|P%", default_value = "0")]
    pub max_fail: Share,
    /// Show what would be run on each node, and stop; without connecting
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

/// Options of `ssh`.
#[derive(Args, Debug)]
pub struct SshArgs {
    /// A node of the inventory, by name or address
    #[arg(value_name = "NODE")]
    pub node: String,
    /// A command in place of the login shell, given to `ssh` as it is
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

impl RunArgs {
    pub(super) fn wish(self) -> RunWish {
        let Self { file, vars, serial, max_fail, dry_run, yes } = self;
        RunWish { file, vars, serial, max_fail, dry_run, yes }
    }
}

pub(super) fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a variable is given as `KEY=VALUE`".to_owned()),
    }
}

pub(super) fn some(text: &str) -> Result<Share, String> {
    match text.parse()? {
        Share::Nodes(0) | Share::Percent(0) => Err("no node at a time would never end".to_owned()),
        share => Ok(share),
    }
}
