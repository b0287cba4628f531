//! `restore`: what a backup has goes back to nodes that have nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::exec::hand::Load;
use crate::ops::backup::Stored;
use crate::ops::{Fault, Job, UpWish, up};
use crate::plan::{Act, Settings};

/// What `restore` is asked for.
#[derive(Clone, Debug)]
pub struct RestoreWish {
    /// The backup.
    pub from: PathBuf,
    /// The settings of the services, and not what nodes had stored.
    pub settings: bool,
    /// Show, and stop.
    pub dry_run: bool,
    /// Do not ask.
    pub yes: bool,
}

// As the first node knew them that did: it is the same on all.
async fn settings(job: Job, wish: &RestoreWish, stored: &Stored) -> Result<u8, Fault> {
    let mut settings = Settings::new();
    for room in &job.rooms {
        let nodes = job.inventory.nodes.iter().map(|node| node.name.clone());
        let archives = stored.archives(room.service(), nodes);
        let mut known = archives.values().map(|archive| room.settings(&|name| Stored::text(archive, name).ok()));
        settings.extend(known.find(|known| !known.is_empty()).unwrap_or_default());
    }
    if settings.is_empty() {
        return Err(Fault::Usage(format!("`{}` has no options of a volume: no node was asked", wish.from.display())));
    }
    let act = Some(Act::Settings(settings));
    up(job, UpWish { act, dry_run: wish.dry_run, yes: wish.yes, ..UpWish::default() }).await
}

/// Does it. Answers the exit code.
pub async fn restore(job: Job, wish: RestoreWish) -> Result<u8, Fault> {
    let stored = Stored::read(&wish.from)?;
    if wish.settings {
        return settings(job, &wish, &stored).await;
    }
    let mut known = BTreeMap::new();
    let mut parcels = BTreeMap::new();
    for room in &job.rooms {
        let nodes = job.inventory.nodes.iter().map(|node| node.name.clone());
        for (node, archive) in stored.archives(room.service(), nodes) {
            let id = room.known_by(&|name| Stored::text(&archive, name).ok());
            let lacks = || Fault::Usage(format!("`{}` does not say who {node} was", wish.from.display()));
            known.insert(node.clone(), id.ok_or_else(lacks)?);
            parcels.insert(node, Load::look(&archive)?);
        }
    }
    if known.is_empty() {
        return Err(Fault::Usage(format!("`{}` has nothing of a node of this inventory", wish.from.display())));
    }
    let act = Some(Act::Restore(known));
    up(job, UpWish { act, parcels, dry_run: wish.dry_run, yes: wish.yes, ..UpWish::default() }).await
}
