//! This room, as the general code sees it.

use std::collections::BTreeMap;

use crate::facts::{Look, Section, Seen};
use crate::inventory::Inventory;
use crate::model::{Finding, NodeName, Service};
use crate::plan::{Contract, Plan, Refusal, Request};
use crate::services::glusterfs::contract::{CONTRACTS, MEMBERSHIP};
use crate::services::glusterfs::facts::{self, NodeFacts};
use crate::services::glusterfs::plan::{Nodes, checkup, decide};
use crate::services::glusterfs::probe;
use crate::services::glusterfs::spec::Spec;
use crate::services::room::{Purpose, Room};
use crate::yaml::Problems;

// `heal info` is a client of the volume on its own: two answers are enough, also when one of them is down.
const HEAL_WITNESSES: usize = 2;

/// GlusterFS as one inventory wants it.
pub struct Glusterfs {
    spec: Spec,
}

impl Glusterfs {
    /// Reads the inventory's wishes; what is wrong with them is added to the problems.
    /// `leaving` are nodes that shall have no part in it any more.
    pub fn read(inventory: &Inventory, leaving: &[NodeName], problems: &mut Problems) -> Option<Self> {
        Some(Self { spec: Spec::read(inventory, leaving, problems)? })
    }

    fn look(&self, look: &Look) -> Nodes {
        let seen = |node: &NodeName| match look.nodes.get(node) {
            Some(Seen::Known(seen)) => Seen::Known(NodeFacts::read(seen)),
            Some(Seen::Unknown(why)) => Seen::Unknown(why.clone()),
            None => Seen::Unknown("it was not looked at".to_owned()),
        };
        self.nodes().into_iter().map(|node| (node.clone(), seen(&node))).collect()
    }
}

impl Room for Glusterfs {
    fn service(&self) -> Service {
        Service::Glusterfs
    }

    fn nodes(&self) -> Vec<NodeName> {
        let members = self.spec.members.iter().map(|member| &member.node);
        let clients = self.spec.clients.iter().map(|client| &client.node);
        let leaving = self.spec.leaving.iter().map(|leaver| &leaver.member.node);
        let mut nodes: Vec<NodeName> = members.chain(clients).cloned().collect();
        // One that goes on as a client is there already.
        nodes.extend(leaving.filter(|node| !nodes.contains(node)).cloned().collect::<Vec<_>>());
        nodes
    }

    fn ask(&self, node: &NodeName, purpose: Purpose) -> (Vec<Section>, Vec<String>) {
        let leaves = self.spec.leaving.iter().any(|leaver| leaver.member.node == *node);
        let only_mounts = !leaves && self.spec.clients.iter().any(|client| client.node == *node);
        let mut sections = if only_mounts { probe::client_sections(&self.spec) } else { probe::sections(&self.spec) };
        let witness = self.spec.members.iter().take(HEAL_WITNESSES).any(|member| member.node == *node);
        let heals =
            matches!(purpose, Purpose::Status | Purpose::Heal | Purpose::Checkup) || !self.spec.leaving.is_empty();
        if heals && witness {
            sections.push(probe::heal_section(&self.spec.volume));
        }
        match purpose {
            Purpose::Heal if !only_mounts => sections.push(probe::index_section(&self.spec.volume)),
            Purpose::Status if !only_mounts => sections.push(probe::disk_section(&self.spec.brick_path)),
            Purpose::Checkup if !only_mounts => {
                sections.push(probe::disk_section(&self.spec.brick_path));
                sections.push(probe::checkup_section(&self.spec.brick_path));
                sections.push(probe::packages_section(witness));
            }
            Purpose::Upgrade if !only_mounts => sections.push(probe::packages_section(witness)),
            Purpose::Rebalance if witness => sections.push(probe::rebalance_section(&self.spec.volume)),
            _ => {}
        }
        let names = self.spec.members.iter().map(|member| member.peer_name.clone());
        let sections = probe::after_shared(&self.spec, sections);
        (sections, names.filter(|name| name.parse::<std::net::IpAddr>().is_err()).collect())
    }

    fn plan(&self, look: &Look, request: &Request) -> Result<Plan, Vec<Refusal>> {
        decide(&self.spec, &self.look(look), request)
    }

    fn findings(&self, look: &Look, purpose: Purpose) -> Vec<Finding> {
        let nodes = self.look(look);
        match purpose {
            Purpose::Plan | Purpose::Upgrade => Vec::new(),
            Purpose::Checkup => checkup(&self.spec, &nodes),
            Purpose::Status => facts::health(&self.spec, &nodes),
            Purpose::Heal => facts::healing(&self.spec, &nodes),
            Purpose::Rebalance => facts::rebalancing(&self.spec, &nodes),
        }
    }

    fn archives(&self, look: &Look) -> BTreeMap<NodeName, String> {
        let nodes = self.look(look);
        let stores = |seen: &Seen<NodeFacts>| seen.known().is_some_and(|facts| !facts.daemon.fresh());
        let storing = nodes.iter().filter(|(_, seen)| stores(seen));
        storing.map(|(node, _)| (node.clone(), probe::archive(&self.spec))).collect()
    }

    fn known_by(&self, read: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        facts::own_uuid(&read("var/lib/glusterd/glusterd.info")?)
    }

    fn changes_members(&self, playbook: &str) -> bool {
        MEMBERSHIP.contains(&playbook)
    }

    fn contracts(&self) -> &'static [Contract] {
        CONTRACTS
    }
}
