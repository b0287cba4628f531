//! Nodes on their way out.

use crate::facts::Seen;
use crate::model::NodeName;
use crate::services::glusterfs::facts::{Brick, NodeFacts, Peer};
use crate::services::glusterfs::plan::view::View;
use crate::services::glusterfs::spec::Leaver;

/// A node on its way out.
pub(super) struct Leaving<'a> {
    pub(super) leaver: &'a Leaver,
    pub(super) facts: Option<&'a NodeFacts>,
    /// Why it could not be looked at.
    pub(super) unknown: &'a str,
    /// As the pool knows it, while it does.
    pub(super) peer: Option<&'a Peer>,
    pub(super) bricks: Vec<&'a Brick>,
}

impl<'a> Leaving<'a> {
    pub(super) fn of(view: &View<'a>, leaver: &'a Leaver, seen: Option<&'a Seen<NodeFacts>>) -> Self {
        let (facts, unknown) = match seen {
            Some(Seen::Known(facts)) => (Some(facts), ""),
            Some(Seen::Unknown(why)) => (None, why.as_str()),
            None => (None, "it was not looked at"),
        };
        let own = facts.and_then(|facts| facts.daemon.uuid.as_deref());
        let mut peers = view.cluster.peers.values().copied();
        let peer = peers.find(|peer| own.map_or(leaver.member.goes_by(&peer.names), |uuid| uuid == peer.uuid));
        let bricks = view.cluster.volume.iter().flat_map(|volume| &volume.bricks);
        let bricks = bricks.filter(|brick| peer.is_some_and(|peer| peer.uuid == brick.host)).collect();
        Self { leaver, facts, unknown, peer, bricks }
    }

    pub(super) fn node(&self) -> &'a NodeName {
        &self.leaver.member.node
    }

    pub(super) fn mounts(&self, view: &View<'_>) -> bool {
        let stays = view.spec.clients.iter().any(|client| client.node == *self.node());
        let mount = self.facts.map(|facts| &facts.mount);
        !stays
            && mount.is_some_and(|mount| {
                mount.holds(&view.spec.volume)
                    || mount.unit.is_some()
                    || mount.fstab.iter().any(|line| is_gluster(line))
            })
    }

    pub(super) fn stores(&self) -> bool {
        self.facts.is_some_and(|facts| {
            let brick =
                !facts.brick.content.is_empty() || facts.brick.has_glusterfs || !facts.brick.volume_ids.is_empty();
            facts.daemon.active || facts.daemon.uuid.is_some() || !facts.daemon.fresh() || brick
        })
    }
}

fn is_gluster(line: &str) -> bool {
    line.split_whitespace().nth(2) == Some("glusterfs")
}

/// All of them.
pub(super) fn all<'a>(view: &View<'a>) -> Vec<Leaving<'a>> {
    view.leaving.iter().map(|(leaver, seen)| Leaving::of(view, leaver, *seen)).collect()
}
