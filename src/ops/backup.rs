//! `backup`: what the services have stored on the nodes, in one file on this machine. It is also taken before every change of
//! membership.

mod kept;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use jiff::Timestamp;

use crate::events::{Event, LookWhy};
use crate::exec;
use crate::facts::{Look, Seen};
use crate::model::{NodeName, Service};
use crate::ops::run::Run;
use crate::ops::{Fault, Job};
use crate::plan::{Plan, Refusal};
use crate::services::Purpose;
use kept::Backup;
pub(super) use kept::Stored;

/// What `backup` is asked for.
#[derive(Clone, Debug, Default)]
pub struct BackupWish {
    /// The file; nothing is one with the date in its name, where all backups are.
    pub to: Option<PathBuf>,
}

/// Does it. Answers the exit code: 4 where a node cannot be reached, and is not in it.
pub async fn backup(job: Job, wish: BackupWish) -> Result<u8, Fault> {
    let run = Run::start(job, false).await?;
    let look = run.look(LookWhy::First, Purpose::Plan).await;
    let outcome = taken(&run, &look, wish.to.as_deref()).await.and_then(|taken| match taken {
        Taken::Kept => Ok(()),
        Taken::Nothing => Err(Fault::Backup("no node that answers has stored anything".to_owned())),
        Taken::Lacks(refusals) => {
            let all: Vec<_> = refusals.into_iter().map(|refusal| refusal.what).collect();
            Err(Fault::Backup(all.join("; ")))
        }
    });
    run.end(outcome, |state| state.exit_code(&BTreeSet::new())).await
}

/// Before a plan that changes who is a member, once a run. False where that could not be, which was said: then nothing may be
/// changed.
pub(super) async fn before(run: &Run, look: &Look, plan: &Plan) -> Result<bool, Fault> {
    let playbooks = || plan.tasks().map(|task| task.id.playbook.as_str());
    let risky = run.job.rooms.iter().any(|room| playbooks().any(|playbook| room.changes_members(playbook)));
    if !risky || !run.job.settings.backup || run.backed_up.swap(true, Ordering::Relaxed) {
        return Ok(true);
    }
    let refusals = match taken(run, look, None).await {
        Ok(Taken::Kept | Taken::Nothing) => return Ok(true),
        Ok(Taken::Lacks(refusals)) => refusals,
        Err(fault @ Fault::Backup(_)) => vec![refusal(None, fault.to_string())],
        Err(fault) => return Err(fault),
    };
    run.refuse(refusals).await;
    Ok(false)
}

enum Taken {
    /// All that was reachable is in it.
    Kept,
    /// There was nothing to take.
    Nothing,
    /// There is none: not all that was reachable came.
    Lacks(Vec<Refusal>),
}

fn refusal(node: Option<&NodeName>, what: String) -> Refusal {
    let remedy = "nothing was changed; mend it, or do without a backup: `--no-backup`".to_owned();
    Refusal { node: node.cloned(), what, remedy, unreachable: false }
}

async fn taken(run: &Run, look: &Look, to: Option<&Path>) -> Result<Taken, Fault> {
    let archives: BTreeMap<Service, _> =
        run.job.rooms.iter().map(|room| (room.service(), room.archives(look))).collect();
    let nodes: Vec<NodeName> = archives.values().flat_map(BTreeMap::keys).cloned().collect();
    if nodes.is_empty() {
        return Ok(Taken::Nothing);
    }
    let backup = Backup::begin(to, &run.job.inventory.path, Timestamp::now())?;
    let mut refusals = Vec::new();
    for (service, scripts) in &archives {
        for (node, came) in exec::archive(&run.context, scripts, &backup.folder(*service)).await {
            if let Err(failure) = came {
                let said = if failure.stderr.is_empty() { String::new() } else { format!(" ({})", failure.stderr) };
                refusals.push(refusal(Some(&node), format!("no backup of {node}: {}{said}", failure.what)));
            }
        }
    }
    if !refusals.is_empty() {
        return Ok(Taken::Lacks(refusals));
    }
    let missing = look.nodes.iter().filter_map(|(node, seen)| match seen {
        Seen::Unknown(why) => Some((node.clone(), why.clone())),
        Seen::Known(_) => None,
    });
    let path = backup.finish(&run.job.settings.command, missing.collect())?;
    run.context.tell.send(Event::BackedUp { path: path.display().to_string(), nodes }).await;
    Ok(Taken::Kept)
}
