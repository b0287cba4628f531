//! One node.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::inventory::{Places, SshSettings, address, keys, names, ssh};
use crate::model::{NodeName, Service};
use crate::yaml::{Fields, Item, Kind, Problem, Problems, Span, show};

/// Which of the two lists a node stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Runs services.
    Controller,
    /// Works for Slurm, or only mounts.
    Compute,
}

/// One node of the inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryNode {
    /// Its `hostname`.
    pub name: NodeName,
    /// The address under which others know it; IPv4 is never written as IPv6 here.
    pub address: IpAddr,
    /// Which list it stands in.
    pub role: Role,
    /// The higher one goes first, as keepalived means it.
    pub priority: Option<u32>,
    /// What is written of each service; what is not written is not enabled.
    pub services: BTreeMap<Service, bool>,
    /// It holds the floating address at first.
    pub vip_owner: bool,
    /// How it is reached.
    pub ssh: SshSettings,
    /// Where its name is written.
    pub span: Span,
}

impl InventoryNode {
    /// Is a service wanted on it?
    pub fn enables(&self, service: Service) -> bool {
        self.services.get(&service).copied().unwrap_or(false)
    }
}

/// What every node is read with.
pub(crate) struct Context<'a> {
    pub(crate) places: &'a Places,
    pub(crate) ssh: &'a ssh::Written,
}

/// One entry as far as it could be read, with the places of what must not be there twice.
pub(crate) struct Written<'a> {
    pub(crate) name: Option<(&'a str, Span)>,
    pub(crate) address: Option<(IpAddr, Span)>,
    pub(crate) vip_owner: Option<Span>,
    /// Nothing is wrong with its keys, name, address and services.
    pub(crate) sound: bool,
    /// `None` where name or address are missing or bad.
    pub(crate) node: Option<InventoryNode>,
}

/// Reads one entry; `None` where it is no map.
pub(crate) fn read<'a>(
    item: &Item<'a>,
    role: Role,
    context: &Context<'_>,
    problems: &mut Problems,
) -> Option<Written<'a>> {
    let before = problems.errors();
    if let Some(text) = item.value.as_text() {
        let message = format!("{} must be a map of keys, not `{}`", item.label, show(text));
        problems.push(Problem::item(item, message).help("write `- hostname: ..`, and `ip_address: ..` below it"));
        return None;
    }
    let fields = item.map(problems)?;
    let known = match role {
        Role::Controller => keys::CONTROLLER,
        Role::Compute => keys::COMPUTE,
    };
    fields.only(&names(known), problems);
    let hostname = fields.required("hostname", problems);
    let name = hostname.and_then(|item| Some((address::hostname(&item, problems)?, item.place())));
    let ip_address = fields.required("ip_address", problems);
    let address = ip_address.and_then(|item| Some((address::read(&item, problems)?, item.place())));
    let services = services(&fields, problems);
    let sound = problems.errors() == before;
    let priority = fields.get("priority").and_then(|item| item.number(1..=255, problems));
    let vip = fields.get("vip_owner");
    let vip_owner = vip.filter(|item| item.boolean(problems) == Some(true)).map(|item| item.place());
    let ssh = ssh::Written::read(fields.get("ssh"), context.places, problems).over(context.ssh);
    let node = name.zip(address).map(|((name, span), (address, _))| InventoryNode {
        name: NodeName::new(name),
        address,
        role,
        priority: priority.and_then(|priority| priority.try_into().ok()),
        services,
        vip_owner: vip_owner.is_some(),
        ssh,
        span,
    });
    Some(Written { name, address, vip_owner, sound, node })
}

fn services(fields: &Fields<'_>, problems: &mut Problems) -> BTreeMap<Service, bool> {
    let Some(item) = fields.get("services") else { return BTreeMap::new() };
    if matches!(item.value.kind, Kind::Seq(_)) {
        let message = "`services` must be a map of keys, not a list";
        problems.push(Problem::item(&item, message).help("write `glusterfs: true` instead of `- glusterfs`"));
        return BTreeMap::new();
    }
    let Some(written) = item.map(problems) else { return BTreeMap::new() };
    let known: Vec<&str> = Service::ALL.into_iter().map(Service::key).collect();
    written.only(&known, problems);
    written.iter().filter_map(|item| Some((Service::from_key(item.name())?, item.boolean(problems)?))).collect()
}
