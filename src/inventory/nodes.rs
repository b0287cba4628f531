//! All nodes, and what must hold between them.

use std::collections::HashMap;
use std::hash::Hash;

use crate::inventory::node::{self, Context, Written};
use crate::inventory::{InventoryNode, Role, keys, names};
use crate::yaml::{Fields, Item, Problem, Problems, Span, show};

/// The nodes that could be read, and whether it is sure which nodes there are and what they enable.
pub(crate) fn read(root: &Fields<'_>, context: &Context<'_>, problems: &mut Problems) -> (Vec<InventoryNode>, bool) {
    let before = problems.errors();
    let Some(lists) = root.required("nodes", problems).and_then(|nodes| nodes.map(problems)) else {
        return (Vec::new(), false);
    };
    lists.only(&names(keys::NODES), problems);
    let mut entries = controllers(&lists, problems);
    let computes = lists.get("compute_nodes").and_then(|item| item.list(problems)).unwrap_or_default();
    entries.extend(computes.into_iter().map(|item| (item, Role::Compute)));
    let listed = problems.errors() == before;
    let written: Vec<Written<'_>> =
        entries.iter().filter_map(|(item, role)| node::read(item, *role, context, problems)).collect();
    apart(&written, problems);
    let complete = listed && written.len() == entries.len() && written.iter().all(|node| node.sound);
    (written.into_iter().filter_map(|written| written.node).collect(), complete)
}

fn controllers<'a>(lists: &Fields<'a>, problems: &mut Problems) -> Vec<(Item<'a>, Role)> {
    let Some(item) = lists.required("controllers", problems) else { return Vec::new() };
    let Some(entries) = item.list(problems) else { return Vec::new() };
    if entries.is_empty() {
        problems.push(
            Problem::at(item.at, "`controllers` has no node")
                .help("add one: `- {hostname: server1, ip_address: 192.168.1.101, services: {glusterfs: true}}`"),
        );
    }
    entries.into_iter().map(|item| (item, Role::Controller)).collect()
}

// Names and addresses are each node's own, and one node has the floating address.
fn apart(written: &[Written<'_>], problems: &mut Problems) {
    let mut names = Seen::new("the hostname");
    let mut addresses = Seen::new("the address");
    for (name, at) in written.iter().filter_map(|node| node.name) {
        names.add(name.to_lowercase(), at, &show(name), problems);
    }
    for (address, at) in written.iter().filter_map(|node| node.address) {
        addresses.add(address, at, &address.to_string(), problems);
    }
    let mut owners = written.iter().filter_map(|node| node.vip_owner);
    if let Some(first) = owners.next() {
        for at in owners {
            problems.push(
                Problem::at(at, "a second node is `vip_owner`")
                    .also(first, "the first one")
                    .help("leave it on the one node that shall hold the floating address at first"),
            );
        }
    }
}

struct Seen<K> {
    what: &'static str,
    at: HashMap<K, Span>,
}

impl<K: Eq + Hash> Seen<K> {
    fn new(what: &'static str) -> Self {
        Self { what, at: HashMap::new() }
    }

    fn add(&mut self, key: K, at: Span, shown: &str, problems: &mut Problems) {
        if let Some(first) = self.at.get(&key) {
            let message = format!("two nodes have {} `{shown}`", self.what);
            problems.push(Problem::at(at, message).also(*first, "the first one").help("every node has its own"));
        } else {
            self.at.insert(key, at);
        }
    }
}
