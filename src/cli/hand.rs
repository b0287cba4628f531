//! `exec`, `put` and `get`, as `clap` reads them.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::own::{some, variable};
use crate::model::Share;
use crate::ops::{ExecWish, GetWish, HandWish, PutWish, time};

/// Options of what is done by hand.
#[derive(Args, Debug)]
pub struct HandArgs {
    /// As root, through sudo where the login user is not
    #[arg(short = 'b', long = "become", visible_alias = "sudo")]
    pub become_root: bool,
    /// So many nodes at a time, the next ones when all of these have ended; one that fails ends it (see --max-fail)
    #[arg(long, value_name = "N|P%", value_parser = some)]
    pub serial: Option<Share>,
    /// When more nodes than this have failed, begin no further one
    #[arg(long, value_name = "N|P%")]
    pub max_fail: Option<Share>,
}

/// Options of `exec`.
#[derive(Args, Debug)]
pub struct ExecArgs {
    /// How it is done.
    #[command(flatten)]
    pub hand: HandArgs,
    /// A variable of the command's environment; it travels on standard input, as the command does
    #[arg(short = 'e', long = "env", value_name = "KEY=VALUE", value_parser = variable)]
    pub env: Vec<(String, String)>,
    /// End it after this long (`90s`, `10m`, `2h`), connecting left out
    #[arg(short, long, value_name = "TIME", value_parser = time)]
    pub timeout: Option<Duration>,
    /// When all have ended, show equal output once, under the names of all nodes that printed it
    #[arg(short, long)]
    pub group: bool,
    /// One word is a line for `sh`; several are a program and its arguments, as they are
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// Options of `put`.
#[derive(Args, Debug)]
pub struct PutArgs {
    /// How it is done.
    #[command(flatten)]
    pub hand: HandArgs,
    /// Permissions of a file; those it has here otherwise
    #[arg(short, long, value_name = "MODE", value_parser = mode)]
    pub mode: Option<u32>,
    /// Who owns it; otherwise who owned what it replaces, or who puts it there
    #[arg(short, long, value_name = "USER[:GROUP]", value_parser = owner)]
    pub owner: Option<String>,
    /// A file, or a folder with all that is in it
    #[arg(value_name = "LOCAL")]
    pub from: PathBuf,
    /// Its path there, or a folder that is there; not absolute: from where one is after logging in
    #[arg(value_name = "REMOTE")]
    pub to: String,
}

/// Options of `get`.
#[derive(Args, Debug)]
pub struct GetArgs {
    /// How it is done.
    #[command(flatten)]
    pub hand: HandArgs,
    /// A file or a folder there
    #[arg(value_name = "REMOTE")]
    pub from: String,
    /// A folder here, which is made: each node's is put into `LOCAL/NODE`
    #[arg(value_name = "LOCAL")]
    pub to: PathBuf,
}

impl HandArgs {
    fn wish(&self) -> HandWish {
        HandWish { become_root: self.become_root, serial: self.serial, max_fail: self.max_fail }
    }
}

impl ExecArgs {
    pub(super) fn wish(self) -> ExecWish {
        let Self { ref hand, .. } = self;
        ExecWish { hand: hand.wish(), env: self.env, timeout: self.timeout, group: self.group, words: self.command }
    }
}

impl PutArgs {
    pub(super) fn wish(self) -> PutWish {
        PutWish { hand: self.hand.wish(), mode: self.mode, owner: self.owner, from: self.from, to: self.to }
    }
}

impl GetArgs {
    pub(super) fn wish(self) -> GetWish {
        GetWish { hand: self.hand.wish(), from: self.from, to: self.to }
    }
}

fn mode(text: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777);
    mode.ok_or_else(|| format!("`{text}` is no mode like `0644`"))
}

fn owner(text: &str) -> Result<String, String> {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte);
    let sound = text.bytes().all(fine) && !text.starts_with(['-', ':']) && !text.is_empty();
    if sound { Ok(text.to_owned()) } else { Err(format!("`{text}` is not `USER` or `USER:GROUP`")) }
}
