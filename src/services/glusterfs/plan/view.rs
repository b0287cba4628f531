//! What the parts of the decision look at.

use std::collections::BTreeMap;

use crate::facts::Seen;
use crate::model::NodeName;
use crate::plan::Request;
use crate::services::glusterfs::facts::{Brick, NodeFacts, Peer, Volume};
use crate::services::glusterfs::plan::cluster::Cluster;
use crate::services::glusterfs::spec::{Client, Leaver, Member, Spec};

/// What is known of every node that the inventory names for it.
pub type Nodes = BTreeMap<NodeName, Seen<NodeFacts>>;

/// Wanted, seen and asked, put in order once.
pub(super) struct View<'a> {
    pub(super) spec: &'a Spec,
    pub(super) request: &'a Request,
    /// Members that were seen, in the order of the spec.
    pub(super) known: Vec<(&'a Member, &'a NodeFacts)>,
    /// Members that could not be seen, with the reason.
    pub(super) unknown: Vec<(&'a Member, &'a str)>,
    /// Nodes that only mount and were seen.
    pub(super) clients: Vec<(&'a Client, &'a NodeFacts)>,
    /// Nodes that are to leave, with what was seen of them.
    pub(super) leaving: Vec<(&'a Leaver, Option<&'a Seen<NodeFacts>>)>,
    /// The pool that exists, if one does.
    pub(super) cluster: Cluster<'a>,
}

impl<'a> View<'a> {
    pub(super) fn new(spec: &'a Spec, nodes: &'a Nodes, request: &'a Request) -> Self {
        let mut known = Vec::new();
        let mut unknown = Vec::new();
        for member in &spec.members {
            match nodes.get(&member.node) {
                Some(Seen::Known(facts)) => known.push((member, facts)),
                Some(Seen::Unknown(why)) => unknown.push((member, why.as_str())),
                None => unknown.push((member, "it was not looked at")),
            }
        }
        let cluster = Cluster::find(spec, &known);
        let seen = |client: &'a Client| Some((client, nodes.get(&client.node)?.known()?));
        let clients = spec.clients.iter().filter_map(seen).collect();
        let leaving = spec.leaving.iter().map(|leaver| (leaver, nodes.get(&leaver.member.node))).collect();
        Self { spec, request, known, unknown, clients, leaving, cluster }
    }

    /// Members that were seen and may be changed.
    pub(super) fn touched(&self) -> impl Iterator<Item = (&'a Member, &'a NodeFacts)> {
        self.known.iter().copied().filter(|(member, _)| self.request.touches(&member.node))
    }

    /// Nodes that were seen, mount the volume, and may be changed.
    pub(super) fn mounting(&self) -> impl Iterator<Item = (&'a NodeName, &'a NodeFacts)> {
        let members = self.touched().map(|(member, facts)| (&member.node, facts));
        members.chain(self.touched_clients().map(|(client, facts)| (&client.node, facts)))
    }

    /// Those of them that only mount.
    pub(super) fn touched_clients(&self) -> impl Iterator<Item = (&'a Client, &'a NodeFacts)> {
        self.clients.iter().copied().filter(|(client, _)| self.request.touches(&client.node))
    }

    /// What is known of a member.
    pub(super) fn facts(&self, node: &NodeName) -> Option<&'a NodeFacts> {
        self.known.iter().find(|(member, _)| member.node == *node).map(|(_, facts)| *facts)
    }

    /// Was the process of this brick seen to run, on the member that has it?
    pub(super) fn runs(&self, volume: &Volume, brick: &Brick) -> bool {
        let on = self.known.iter().find(|(_, facts)| facts.daemon.uuid.as_deref() == Some(&brick.host));
        on.is_some_and(|(_, facts)| facts.runs_brick(&volume.name, &brick.path))
    }

    /// Every volume of the pool, by name, whether the inventory has it or not.
    pub(super) fn volumes(&self) -> BTreeMap<&'a str, &'a Volume> {
        let members = self.known.iter().filter(|(_, facts)| self.cluster.has(facts));
        let volumes = members.filter_map(|(_, facts)| facts.volumes.answer()).flatten();
        volumes.map(|volume| (volume.name.as_str(), volume)).collect()
    }

    /// The pool's entry of a member that has lost all that glusterd had stored there: it was reinstalled (fact 5.5).
    pub(super) fn forgotten(&self, member: &Member, facts: &NodeFacts) -> Option<&'a Peer> {
        let is = |peer: &&&Peer| member.goes_by(&peer.names);
        facts.daemon.fresh().then(|| self.cluster.peers.values().find(is).copied()).flatten()
    }

    /// Has it stored peers that the pool does not know?
    pub(super) fn has_strange_peers(&self, facts: &NodeFacts) -> bool {
        facts.daemon.stored_peers.iter().any(|uuid| !self.cluster.uuids.contains(uuid.as_str()))
    }

    /// Where everything that concerns the whole cluster is run: a node of the pool that exists, else the first.
    pub(super) fn coordinator(&self) -> Option<&'a Member> {
        let in_pool = |member: &Member, facts: &NodeFacts| {
            self.cluster.has(facts) && facts.daemon.active && !member.peer_name.is_empty()
        };
        let holds_volume = |facts: &NodeFacts| facts.volume(&self.spec.volume).is_some();
        let known = || self.known.iter().copied();
        known()
            .find(|(member, facts)| in_pool(member, facts) && holds_volume(facts))
            .or_else(|| known().find(|(member, facts)| in_pool(member, facts)))
            .or_else(|| known().find(|(_, facts)| self.cluster.has(facts)))
            .or_else(|| known().next())
            .map(|(member, _)| member)
    }
}
