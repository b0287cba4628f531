//! The pool that exists, put together from every node's own view.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::NodeName;
use crate::services::glusterfs::facts::{NodeFacts, Peer, Volume};
use crate::services::glusterfs::spec::{Member, Spec};

/// The trusted storage pool as its members see it. Empty where every node is fresh.
#[derive(Default)]
pub(super) struct Cluster<'a> {
    /// UUIDs of all that are in it, the inventory's and others.
    pub(super) uuids: BTreeSet<&'a str>,
    /// Other pools that were seen: more than none is an error, never a merge.
    pub(super) others: Vec<Vec<&'a NodeName>>,
    /// Members that believe to be in it while no other member does, and have stored volumes (fact 4.6: detached while it
    /// was down). Without volumes it is one whose probe was cut short: it is no member yet, and a probe takes it in.
    pub(super) stale: Vec<&'a NodeName>,
    /// The volume of the inventory, as the first of those sees it that have heard of most changes.
    pub(super) volume: Option<&'a Volume>,
    /// The version of it that they have stored.
    pub(super) version: u64,
    /// Members that have missed a change of it.
    pub(super) behind: Vec<&'a NodeName>,
    /// Members that do not see another one that is there.
    pub(super) unseeing: Vec<&'a NodeName>,
    /// Members that see peers or bricks differently from the others, with what they see.
    pub(super) disagree: Vec<(&'a NodeName, String)>,
    /// Peers that some member sees, by UUID.
    pub(super) peers: BTreeMap<&'a str, &'a Peer>,
}

impl<'a> Cluster<'a> {
    /// Is this node in it? By UUID, whatever name it goes by. A fresh node is not, also where it was cloned from a
    /// member and so has a member's UUID.
    pub(super) fn has(&self, facts: &NodeFacts) -> bool {
        !facts.daemon.fresh() && facts.daemon.uuid.as_deref().is_some_and(|uuid| self.uuids.contains(uuid))
    }

    pub(super) fn find(spec: &Spec, known: &[(&'a Member, &'a NodeFacts)]) -> Self {
        let settled: Vec<_> = known.iter().copied().filter(|(_, facts)| !facts.daemon.fresh()).collect();
        let (alone, together): (Vec<_>, Vec<_>) = settled.iter().partition(|(_, facts)| stale(facts, &settled));
        let stale = alone.iter().filter(|(_, facts)| !facts.daemon.stored_volumes.is_empty());
        let mut cluster = Self { stale: stale.map(|(member, _)| &member.node).collect(), ..Self::default() };
        let mut pools = components(together.iter());
        // The pool that has the volume is the one; the rest are the others.
        pools.sort_by_key(|pool| {
            !pool.members.iter().any(|(_, facts)| facts.daemon.stored_volumes.contains_key(&spec.volume))
        });
        let mut pools = pools.into_iter();
        if let Some(pool) = pools.next() {
            cluster.uuids = pool.uuids;
            cluster.read(spec, &pool.members);
        }
        cluster.others = pools.map(|pool| pool.members.iter().map(|(member, _)| &member.node).collect()).collect();
        cluster
    }

    fn read(&mut self, spec: &Spec, members: &[(&'a Member, &'a NodeFacts)]) {
        for (member, facts) in members {
            if let Some(peers) = facts.pool.answer() {
                self.peers.extend(peers.iter().map(|peer| (peer.uuid.as_str(), peer)));
                let sees: BTreeSet<&str> =
                    peers.iter().map(|peer| peer.uuid.as_str()).chain(facts.daemon.uuid.as_deref()).collect();
                let mut missing = self.uuids.difference(&sees).peekable();
                // Who runs tells it of itself, or is told of by the others.
                let runs = |uuid: &str| {
                    members.iter().any(|(_, facts)| facts.daemon.active && facts.daemon.uuid.as_deref() == Some(uuid))
                };
                if missing.peek().is_some() && missing.clone().all(|uuid| runs(uuid)) {
                    self.unseeing.push(&member.node);
                } else if sees != self.uuids {
                    let what = format!("does not see {} of the pool's members", missing.count());
                    self.disagree.push((&member.node, what));
                }
            }
        }
        self.read_volume(&spec.volume, members);
    }

    fn read_volume(&mut self, name: &str, members: &[(&'a Member, &'a NodeFacts)]) {
        let version = |facts: &NodeFacts| facts.daemon.stored_volumes.get(name).copied().unwrap_or_default();
        for (_, facts) in members {
            if let Some(volume) = facts.volume(name)
                && (self.volume.is_none() || version(facts) > self.version)
            {
                (self.volume, self.version) = (Some(volume), version(facts));
            }
        }
        let Some(volume) = self.volume else { return };
        for (member, facts) in members.iter().filter(|(_, facts)| facts.volumes.answer().is_some()) {
            match facts.volume(name) {
                Some(seen) if seen.id == volume.id && seen != volume && version(facts) < self.version => {
                    self.behind.push(&member.node);
                }
                seen if seen.map(|seen| &seen.bricks) != Some(&volume.bricks) => {
                    self.disagree.push((&member.node, format!("sees other bricks of `{name}`")));
                }
                _ => {}
            }
        }
    }
}

// It lists members that were seen and have a pool of their own in which it is not.
fn stale(facts: &NodeFacts, settled: &[(&Member, &NodeFacts)]) -> bool {
    let Some(own) = facts.daemon.uuid.as_deref() else { return false };
    let mut listed = settled
        .iter()
        .filter(|(_, other)| other.daemon.uuid.as_deref().is_some_and(|uuid| facts.daemon.stored_peers.contains(uuid)))
        .peekable();
    listed.peek().is_some() && listed.all(|(_, other)| !other.daemon.stored_peers.contains(own))
}

struct Pool<'a> {
    uuids: BTreeSet<&'a str>,
    members: Vec<(&'a Member, &'a NodeFacts)>,
}

// Nodes whose lists overlap are one pool.
fn components<'a: 'b, 'b>(settled: impl Iterator<Item = &'b (&'a Member, &'a NodeFacts)>) -> Vec<Pool<'a>> {
    let mut pools: Vec<Pool<'a>> = Vec::new();
    for &(member, facts) in settled {
        let uuids: BTreeSet<&str> =
            facts.daemon.stored_peers.iter().map(String::as_str).chain(facts.daemon.uuid.as_deref()).collect();
        let (mut same, rest): (Vec<_>, Vec<_>) = pools.into_iter().partition(|pool| !pool.uuids.is_disjoint(&uuids));
        let mut pool = Pool { uuids, members: Vec::new() };
        for other in same.drain(..) {
            pool.uuids.extend(other.uuids);
            pool.members.extend(other.members);
        }
        pool.members.push((member, facts));
        pools = rest;
        pools.push(pool);
    }
    pools
}
