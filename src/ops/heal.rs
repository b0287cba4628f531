//! `heal`: what is to be healed, a heal of everything, and who is right in a split-brain.

use crate::ops::remove::unknown;
use crate::ops::status::show;
use crate::ops::{Fault, Job, UpWish, up};
use crate::plan::{Act, By, Resolve};
use crate::services::Purpose;

/// What `heal` is asked for.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command")]
pub struct HealWish {
    /// These are resolved: paths from the root of the volume, or below a mount point, or gfids.
    pub names: Vec<String>,
    /// All are resolved that can be.
    pub all: bool,
    /// How.
    pub by: Option<HealBy>,
    /// Of this volume.
    pub part: Option<String>,
    /// Show it again and again.
    pub watch: bool,
    /// Have everything looked at.
    pub full: bool,
    /// Show, and stop.
    pub dry_run: bool,
    /// Do not ask.
    pub yes: bool,
}

/// Which copy is right.
#[derive(Clone, Debug)]
pub enum HealBy {
    /// The biggest.
    BiggerFile,
    /// The one that was written last.
    LatestMtime,
    /// The one of this node, by name or address.
    Source(String),
}

/// Whoever names a volume wants something done.
pub(super) const ALL_SHOWN: &str = "`--volume` says of which volume something is to be done; what is shown is of all";

/// Does it. Answers the exit code; without anything to do, that of `status`, about heals alone.
pub async fn heal(job: Job, wish: HealWish) -> Result<u8, Fault> {
    let resolves = wish.all || !wish.names.is_empty();
    let act = match (wish.full, resolves, &wish.by) {
        (true, false, None) => Act::HealAll,
        (true, ..) => return Err(Fault::Usage("`--full` decides nothing; run it for itself".to_owned())),
        (false, true, None) => {
            let what = "resolving a split-brain gives up all copies but one, and nothing says which is right: say it with \
                        `--bigger-file`, `--latest-mtime` or `--source NODE` (`bricklayer heal` shows the copies)";
            return Err(Fault::Unsafe(what.to_owned()));
        }
        (false, true, Some(by)) => Act::Resolve(resolve(&job, &wish, by)?),
        (false, false, Some(_)) => {
            return Err(Fault::Usage("name the files that are meant, or `--all`".to_owned()));
        }
        (false, false, None) if wish.part.is_some() => return Err(Fault::Usage(ALL_SHOWN.to_owned())),
        (false, false, None) => return show(job, Purpose::Heal, wish.watch).await,
    };
    up(job, UpWish { act: Some(act), part: wish.part, dry_run: wish.dry_run, yes: wish.yes, ..UpWish::default() }).await
}

fn resolve(job: &Job, wish: &HealWish, by: &HealBy) -> Result<Resolve, Fault> {
    let by = match by {
        HealBy::BiggerFile => By::Size,
        HealBy::LatestMtime => By::Time,
        HealBy::Source(word) => {
            let node = job.inventory.named(word);
            By::Source(node.ok_or_else(|| Fault::Usage(unknown(&job.inventory, word)))?.name.clone())
        }
    };
    Ok(Resolve { by, names: (!wish.all).then(|| wish.names.clone()) })
}
