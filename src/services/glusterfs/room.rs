//! This room, as the general code sees it.

use std::collections::BTreeMap;

use crate::facts::{Look, NodeLook, Section, Seen};
use crate::inventory::Inventory;
use crate::model::{Finding, NodeName, Service};
use crate::plan::{Contract, Plan, Refusal, Request, Settings};
use crate::services::glusterfs::contract::{CONTRACTS, MEMBERSHIP};
use crate::services::glusterfs::facts::{self, NodeFacts};
use crate::services::glusterfs::plan::{Nodes, checkup, decide_all};
use crate::services::glusterfs::probe;
use crate::services::glusterfs::spec::Spec;
use crate::services::room::{Purpose, Room};
use crate::yaml::Problems;

// `heal info` is a client of the volume on its own: two answers are enough, also when one of them is down.
const HEAL_WITNESSES: usize = 2;

/// GlusterFS as one inventory wants it: a pool of nodes, and one volume or more.
pub struct Glusterfs {
    /// At least one; all with the same nodes.
    specs: Vec<Spec>,
}

impl Glusterfs {
    /// Reads the inventory's wishes; what is wrong with them is added to the problems.
    /// `leaving` are nodes that shall have no part in it any more.
    pub fn read(inventory: &Inventory, leaving: &[NodeName], problems: &mut Problems) -> Option<Self> {
        Some(Self { specs: Spec::read(inventory, leaving, problems)? })
    }

    fn pool(&self) -> &Spec {
        &self.specs[0]
    }

    // A volume is named in the questions where there are others.
    fn of(&self, spec: &Spec, section: Section) -> Section {
        if self.specs.len() > 1 { section.of(&spec.volume) } else { section }
    }

    // What is known of each volume and its nodes.
    fn look<'a>(&'a self, look: &Look) -> Vec<(&'a Spec, Nodes)> {
        let several = self.specs.len() > 1;
        let seen = |spec: &Spec, node: &NodeName| match look.nodes.get(node) {
            Some(Seen::Known(seen)) if several => Seen::Known(NodeFacts::read(&seen.of_part(&spec.volume))),
            Some(Seen::Known(seen)) => Seen::Known(NodeFacts::read(seen)),
            Some(Seen::Unknown(why)) => Seen::Unknown(why.clone()),
            None => Seen::Unknown("it was not looked at".to_owned()),
        };
        let nodes = self.nodes();
        let of = |spec: &'a Spec| (spec, nodes.iter().map(|node| (node.clone(), seen(spec, node))).collect());
        self.specs.iter().map(of).collect()
    }

    // What a purpose asks of a volume beyond what every look does.
    fn more(spec: &Spec, purpose: Purpose, (only_mounts, witness): (bool, bool)) -> Vec<Section> {
        let mut sections = Vec::new();
        let heals = matches!(purpose, Purpose::Status | Purpose::Heal | Purpose::Checkup) || !spec.leaving.is_empty();
        if heals && witness {
            sections.push(probe::heal_section(&spec.volume));
        }
        match purpose {
            Purpose::Heal if !only_mounts => sections.push(probe::index_section(&spec.volume)),
            Purpose::Status if !only_mounts => sections.push(probe::disk_section(&spec.brick_path)),
            Purpose::Checkup if !only_mounts => {
                sections.push(probe::disk_section(&spec.brick_path));
                sections.push(probe::checkup_section(&spec.brick_path));
            }
            Purpose::Rebalance if witness => sections.push(probe::rebalance_section(&spec.volume)),
            _ => {}
        }
        sections
    }
}

impl Room for Glusterfs {
    fn service(&self) -> Service {
        Service::Glusterfs
    }

    fn nodes(&self) -> Vec<NodeName> {
        let members = self.pool().members.iter().map(|member| &member.node);
        let clients = self.pool().clients.iter().map(|client| &client.node);
        let leaving = self.pool().leaving.iter().map(|leaver| &leaver.member.node);
        let mut nodes: Vec<NodeName> = members.chain(clients).cloned().collect();
        // One that goes on as a client is there already.
        nodes.extend(leaving.filter(|node| !nodes.contains(node)).cloned().collect::<Vec<_>>());
        nodes
    }

    fn ask(&self, node: &NodeName, purpose: Purpose) -> (Vec<Section>, Vec<String>) {
        let pool = self.pool();
        let leaves = pool.leaving.iter().any(|leaver| leaver.member.node == *node);
        let only_mounts = !leaves && pool.clients.iter().any(|client| client.node == *node);
        let witness = pool.members.iter().take(HEAL_WITNESSES).any(|member| member.node == *node);
        let mut sections = if only_mounts { probe::client_sections() } else { probe::daemon_sections() };
        if matches!(purpose, Purpose::Checkup | Purpose::Upgrade) && !only_mounts {
            sections.push(probe::packages_section(witness));
        }
        for (at, spec) in self.specs.iter().enumerate() {
            let own = if only_mounts { probe::mount_sections(spec, at) } else { probe::volume_sections(spec, at) };
            let all = own.into_iter().chain(Self::more(spec, purpose, (only_mounts, witness)));
            sections.extend(all.map(|section| self.of(spec, section)));
        }
        let names = pool.members.iter().map(|member| member.peer_name.clone());
        let sections = probe::after_shared(&self.specs, sections);
        (sections, names.filter(|name| name.parse::<std::net::IpAddr>().is_err()).collect())
    }

    fn plan(&self, look: &Look, request: &Request) -> Result<Plan, Vec<Refusal>> {
        decide_all(&self.look(look), request)
    }

    fn findings(&self, look: &Look, purpose: Purpose) -> Vec<Finding> {
        let looks = self.look(look);
        let found = looks.iter().map(|(spec, nodes)| {
            let found = match purpose {
                Purpose::Plan | Purpose::Upgrade => Vec::new(),
                Purpose::Checkup => checkup(spec, nodes),
                Purpose::Status => facts::health(spec, nodes),
                Purpose::Heal => facts::healing(spec, nodes),
                Purpose::Rebalance => facts::rebalancing(spec, nodes),
            };
            (spec.volume.as_str(), found)
        });
        facts::together(&found.collect::<Vec<_>>())
    }

    fn archives(&self, look: &Look) -> BTreeMap<NodeName, String> {
        let stores = |seen: &NodeLook| !NodeFacts::read(seen).daemon.fresh();
        let storing = self.nodes().into_iter().filter(|node| look.of(node).is_some_and(stores));
        storing.map(|node| (node, probe::archive(&self.specs))).collect()
    }

    fn known_by(&self, read: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        facts::own_uuid(&read("var/lib/glusterd/glusterd.info")?)
    }

    fn settings(&self, read: &dyn Fn(&str) -> Option<String>) -> Settings {
        read("said/volume info.xml").map(|text| facts::options_of(&text)).unwrap_or_default()
    }

    fn changes_members(&self, playbook: &str) -> bool {
        MEMBERSHIP.contains(&playbook)
    }

    fn contracts(&self) -> &'static [Contract] {
        CONTRACTS
    }
}
