//! `replace`: one node takes the place of another, or the same one after it lost its disk or was reinstalled. The
//! inventory says so first, as with `add` and `remove`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::inventory::{EditError, Inventory};
use crate::model::{NodeName, Service};
use crate::ops::add::{address_of, name_of, with};
use crate::ops::change::InventoryChange;
use crate::ops::remove::unknown;
use crate::ops::settings::ADD_LOG;
use crate::ops::{Fault, Job, Settings, UpWish, up};
use crate::plan::Mode;
use crate::services::MANAGED;

/// What `replace` is asked for.
#[derive(Clone, Debug)]
pub struct ReplaceWish {
    /// Of which service.
    pub service: Service,
    /// Whose place is taken: a name or an address.
    pub old: String,
    /// Who takes it: a name or an address, the same one perhaps.
    pub new: String,
    /// The old one, where it will not come back.
    pub confirm_dead: Option<String>,
    /// Delete what the old one has stored.
    pub wipe: bool,
    /// Show, and stop.
    pub dry_run: bool,
    /// Do not ask.
    pub yes: bool,
}

/// Does it. Answers the exit code.
pub async fn replace(settings: Settings, wish: ReplaceWish) -> Result<u8, Fault> {
    let service = wish.service;
    if !MANAGED.contains(&service) {
        return Err(Fault::Usage(format!("{} is not managed yet", service.key())));
    }
    let settings = Settings { services: vec![service], node_log: ADD_LOG, ..settings };
    let before = Inventory::load(&settings.inventory).map_err(|problems| Fault::Inventory(Box::new(problems)))?;
    let old = before.named(&wish.old).ok_or_else(|| Fault::Usage(unknown(&before, &wish.old)))?.name.clone();
    let (new, address) = newcomer(&settings, &before, &wish).await?;
    let dead = dead(&before, &wish, &old)?;
    let places = BTreeMap::from([(old.clone(), new.clone())]);
    let (after, leaving) = if new == old {
        if wish.wipe || !dead.is_empty() {
            let what = "`--wipe` and `--confirm-dead` are for a node that leaves; this one takes its own place";
            return Err(Fault::Usage(what.to_owned()));
        }
        (before.clone(), Vec::new())
    } else {
        let mut after = with(before.clone(), &new, address, service)?;
        if after.enabled(service).any(|node| node.name == old) {
            after = after.with_service(&old, service, false).map_err(|error| match error {
                EditError::Wrong(problems) => Fault::Inventory(problems),
                EditError::ByHand(what) => Fault::Usage(format!("{what}, and run this again")),
            })?;
        }
        (after, vec![old])
    };
    let change = InventoryChange::between(&before, &after);
    let job = Job::with(Settings { leaving, ..settings }, &after, change)?;
    let (wipe, dry_run, yes) = (wish.wipe, wish.dry_run, wish.yes);
    up(job, UpWish { mode: Mode::Join, dead, places, wipe, dry_run, yes, ..UpWish::default() }).await
}

// Who takes the place, and where it is; a node that the inventory does not know says its name itself.
async fn newcomer(settings: &Settings, inventory: &Inventory, wish: &ReplaceWish) -> Result<(NodeName, IpAddr), Fault> {
    if let Some(known) = inventory.named(&wish.new) {
        return Ok((known.name.clone(), known.address));
    }
    match wish.new.parse::<IpAddr>() {
        Ok(address) => Ok((name_of(settings, inventory, address, wish.service).await?, address)),
        Err(_) => Ok((NodeName::new(&wish.new), address_of(&wish.new).await?)),
    }
}

fn dead(inventory: &Inventory, wish: &ReplaceWish, old: &NodeName) -> Result<BTreeSet<NodeName>, Fault> {
    let Some(word) = &wish.confirm_dead else { return Ok(BTreeSet::new()) };
    if inventory.named(word).is_some_and(|node| node.name == *old) {
        return Ok([old.clone()].into());
    }
    Err(Fault::Usage(format!("`--confirm-dead {word}` is not the node whose place is taken, {old}")))
}
