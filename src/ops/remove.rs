//! `remove`: nodes leave a running cluster. The inventory says so first; then the planner sees to it, now or in a later run.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::inventory::{EditError, Inventory, InventoryNode};
use crate::model::{NodeName, Service};
use crate::ops::change::InventoryChange;
use crate::ops::settings::REMOVE_LOG;
use crate::ops::{Fault, Job, Settings, UpWish, up};
use crate::services::MANAGED;
use crate::yaml::nearest;

/// What `remove` is asked for.
#[derive(Clone, Debug)]
pub struct RemoveWish {
    /// From which service.
    pub service: Service,
    /// By address.
    pub ips: Vec<IpAddr>,
    /// By name.
    pub hosts: Vec<String>,
    /// Those that will not come back.
    pub confirm_dead: Vec<String>,
    /// Delete what they have stored.
    pub wipe: bool,
    /// Show, and stop.
    pub dry_run: bool,
    /// Do not ask.
    pub yes: bool,
}

/// Does it. Answers the exit code.
pub async fn remove(settings: Settings, wish: RemoveWish) -> Result<u8, Fault> {
    let service = wish.service;
    if !MANAGED.contains(&service) {
        return Err(Fault::Usage(format!("{} is not managed yet", service.key())));
    }
    let before = Inventory::load(&settings.inventory).map_err(|problems| Fault::Inventory(Box::new(problems)))?;
    let leaving = leaving(&before, &wish)?;
    let dead = wish.confirm_dead.iter().map(|name| dead(name, &leaving)).collect::<Result<BTreeSet<_>, _>>()?;
    if before.enabled(service).all(|node| leaving.contains(&node.name)) {
        let what =
            format!("nobody would be left with {}, and the last copy of the data is never removed", service.key());
        return Err(Fault::Unsafe(what));
    }
    let mut after = before.clone();
    for name in &leaving {
        if after.enabled(service).any(|node| node.name == *name) {
            after = after.with_service(name, service, false).map_err(|error| match error {
                EditError::Wrong(problems) => Fault::Inventory(problems),
                EditError::ByHand(what) => Fault::Usage(format!("{what}, and run this again")),
            })?;
        }
    }
    let change = InventoryChange::between(&before, &after);
    let settings = Settings { services: vec![service], leaving, node_log: REMOVE_LOG, ..settings };
    let job = Job::with(settings, &after, change)?;
    let wish = UpWish { dead, wipe: wish.wipe, dry_run: wish.dry_run, yes: wish.yes, ..UpWish::default() };
    up(job, wish).await
}

fn leaving(inventory: &Inventory, wish: &RemoveWish) -> Result<Vec<NodeName>, Fault> {
    let by_address = |address: &IpAddr| {
        let is = |node: &&InventoryNode| node.address == address.to_canonical();
        inventory.nodes.iter().find(is).ok_or_else(|| address.to_string())
    };
    let by_name = |name: &String| {
        let is = |node: &&InventoryNode| node.name.as_str().eq_ignore_ascii_case(name);
        inventory.nodes.iter().find(is).ok_or_else(|| name.clone())
    };
    let found = wish.ips.iter().map(by_address).chain(wish.hosts.iter().map(by_name));
    let mut leaving = Vec::new();
    for node in found {
        let node = node.map_err(|word| Fault::Usage(unknown(inventory, &word)))?;
        if !leaving.contains(&node.name) {
            leaving.push(node.name.clone());
        }
    }
    Ok(leaving)
}

pub(super) fn unknown(inventory: &Inventory, word: &str) -> String {
    let near = nearest(word, inventory.nodes.iter().map(|node| node.name.as_str()));
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    let instead =
        "a member that is not there is taken out when it is written there with `services: {glusterfs: false}`";
    format!("there is no node `{word}` in `{}`{near} ({instead})", inventory.path.display())
}

fn dead(name: &str, leaving: &[NodeName]) -> Result<NodeName, Fault> {
    let found = leaving.iter().find(|node| node.as_str().eq_ignore_ascii_case(name));
    let what = || Fault::Usage(format!("`--confirm-dead {name}` names none of the nodes that leave"));
    found.cloned().ok_or_else(what)
}
