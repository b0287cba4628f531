//! What the general code knows of a room.

use std::collections::BTreeMap;

use crate::facts::{Look, Section};
use crate::inventory::Draft;
use crate::model::{Finding, NodeName, Service};
use crate::plan::{Contract, Plan, Refusal, Request, Settings};
use crate::services::glusterfs;

/// What a look is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To plan: cheap, a no-op run does nothing else.
    Plan,
    /// To judge health: may ask more.
    Status,
    /// To say what is to be healed, and what cannot be: asks every copy of it.
    Heal,
    /// To find what is wrong, or soon will be: asks all that may show it.
    Checkup,
    /// To bring newer packages: asks which there are.
    Upgrade,
    /// To say how far files are on their way to another place.
    Rebalance,
}

/// A service of one inventory: its wishes are inside.
pub trait Room: Send + Sync {
    /// Which.
    fn service(&self) -> Service;
    /// Its nodes.
    fn nodes(&self) -> Vec<NodeName>;
    /// What to ask one of its nodes, and the names that the node must be able to resolve.
    fn ask(&self, node: &NodeName, purpose: Purpose) -> (Vec<Section>, Vec<String>);
    /// What is to be done, or all reasons why nothing may be done.
    fn plan(&self, look: &Look, request: &Request) -> Result<Plan, Vec<Refusal>>;
    /// What a look for this purpose has found: how well it is, as the cluster itself sees it; what is to be healed; what is
    /// on its way. Nothing where that is not the service's concern.
    fn findings(&self, look: &Look, purpose: Purpose) -> Vec<Finding>;
    /// Of the nodes that have stored something that would be missed, a script that packs it and sends it: a first line `file 600`, a
    /// compressed tar, and last of all, on standard error, its SHA-256.
    fn archives(&self, look: &Look) -> BTreeMap<NodeName, String>;
    /// Of a node's archive, by what it was known itself (its UUID, its ID); `read` reads a file of it.
    fn known_by(&self, read: &dyn Fn(&str) -> Option<String>) -> Option<String>;
    /// Of a node's archive, the settings of the service as a whole that it knew.
    fn settings(&self, read: &dyn Fn(&str) -> Option<String>) -> Settings;
    /// Does this playbook change who is a member, or which copies there are?
    fn changes_members(&self, playbook: &str) -> bool;
    /// The terms its playbooks must keep.
    fn contracts(&self) -> &'static [Contract];
}

/// The rooms of an inventory, in the order in which they are planned.
pub type Rooms = Vec<Box<dyn Room>>;

/// Opens the rooms that are managed: of `only`, or every service that has a section of its own, and GlusterFS.
/// What is wrong in their sections is added to the draft's problems.
/// `leaving` are nodes that are taken out of them.
pub fn open(draft: &mut Draft, only: &[Service], leaving: &[NodeName]) -> Rooms {
    let wanted = |service: Service| only.is_empty() || only.contains(&service);
    let mut rooms: Rooms = Vec::new();
    if wanted(Service::Glusterfs)
        && let Some(room) = draft.judge(|inventory, problems| glusterfs::Glusterfs::read(inventory, leaving, problems))
    {
        rooms.push(Box::new(room));
    }
    rooms
}

/// Services that some room manages.
pub const MANAGED: &[Service] = &[Service::Glusterfs];
