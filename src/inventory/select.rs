//! Which nodes are meant: `server[1-3],!server2,@redis`.

use std::collections::BTreeSet;

use crate::inventory::{Inventory, InventoryNode, Role};
use crate::model::pattern::matches;
use crate::model::{NodeName, Service};
use crate::yaml::nearest;

/// More names than this in one pair of brackets is a slip of the finger.
const MOST: u64 = 100_000;

/// The nodes that a selection names. Its terms are divided by commas:
///
/// - a name, with `*` and `?` for any letters, and numbers in brackets: `node[08-11,20]`;
/// - `@SERVICE`, all nodes with that service; `@controllers`, `@compute_nodes`, `@all`;
/// - `!` in front takes away; where only that is done, it is taken from all.
///
/// `Err` says which term makes no sense or names nobody.
pub fn select(inventory: &Inventory, selection: &str) -> Result<BTreeSet<NodeName>, String> {
    let terms = terms(selection)?;
    let nodes = &inventory.nodes;
    let all = || nodes.iter().map(|node| node.name.clone()).collect();
    let mut chosen: BTreeSet<NodeName> =
        if terms.iter().all(|term| term.starts_with('!')) { all() } else { BTreeSet::new() };
    for term in terms {
        match term.strip_prefix('!') {
            Some(term) => {
                let away = named(inventory, term)?;
                chosen.retain(|name| !away.contains(name));
            }
            None => chosen.extend(named(inventory, term)?),
        }
    }
    if chosen.is_empty() { Err(format!("`{selection}` leaves no node")) } else { Ok(chosen) }
}

/// The hosts that a list names: divided by commas, with numbers in brackets.
///
/// `Err` says what makes no sense.
pub fn host_names(list: &str) -> Result<Vec<String>, String> {
    // Only an address of version 6 has brackets without a number in them.
    let spread = |term: &str| if term.contains("::") { Ok(vec![term.to_owned()]) } else { spread(term) };
    Ok(terms(list)?.into_iter().map(spread).collect::<Result<Vec<_>, _>>()?.concat())
}

// Divided at the commas that are not in brackets.
fn terms(selection: &str) -> Result<Vec<&str>, String> {
    let mut terms = Vec::new();
    let (mut start, mut inside) = (0, false);
    for (at, c) in selection.char_indices() {
        match c {
            '[' if !inside => inside = true,
            ']' if inside => inside = false,
            '[' | ']' => return Err(format!("the brackets of `{selection}` do not match")),
            ',' if !inside => {
                terms.push(selection[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    if inside {
        return Err(format!("the brackets of `{selection}` do not match"));
    }
    terms.push(selection[start..].trim());
    if terms.contains(&"") { Err(format!("`{selection}` has an empty term")) } else { Ok(terms) }
}

fn named(inventory: &Inventory, term: &str) -> Result<BTreeSet<NodeName>, String> {
    if let Some(group) = term.strip_prefix('@') {
        return grouped(inventory, group);
    }
    let mut found = BTreeSet::new();
    for pattern in spread(term)? {
        let here: Vec<_> = inventory.nodes.iter().filter(|node| matches(&pattern, node.name.as_str())).collect();
        if here.is_empty() {
            let near = nearest(&pattern, inventory.nodes.iter().map(|node| node.name.as_str()));
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            return Err(format!("there is no node `{pattern}` in `{}`{near}", inventory.path.display()));
        }
        found.extend(here.into_iter().map(|node| node.name.clone()));
    }
    Ok(found)
}

fn grouped(inventory: &Inventory, group: &str) -> Result<BTreeSet<NodeName>, String> {
    let service = Service::from_key(group);
    let is_in = |node: &&InventoryNode| match (group, service) {
        ("all", _) => true,
        ("controllers", _) => node.role == Role::Controller,
        ("compute_nodes", _) => node.role == Role::Compute,
        (_, Some(service)) => node.enables(service),
        _ => false,
    };
    let found: BTreeSet<_> = inventory.nodes.iter().filter(is_in).map(|node| node.name.clone()).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let groups = ["all", "controllers", "compute_nodes"].into_iter().chain(Service::ALL.map(Service::key));
    match nearest(group, groups.clone()) {
        Some(near) if near != group => Err(format!("there is no group `@{group}`; did you mean `@{near}`?")),
        _ if groups.clone().any(|known| known == group) => Err(format!("no node is in `@{group}`")),
        _ => Err(format!("there is no group `@{group}`; groups are `@{}`", groups.collect::<Vec<_>>().join("`, `@"))),
    }
}

// Every name that the brackets stand for; numbers keep the width they are written in.
fn spread(term: &str) -> Result<Vec<String>, String> {
    let Some((before, rest)) = term.split_once('[') else { return Ok(vec![term.to_owned()]) };
    let (ranges, after) = rest.split_once(']').ok_or_else(|| format!("the brackets of `{term}` do not match"))?;
    let wrong = || format!("`[{ranges}]` in `{term}` is not like `[1-3,7]`");
    let mut names = Vec::new();
    for range in ranges.split(',') {
        let (first, last) = range.trim().split_once('-').unwrap_or((range.trim(), range.trim()));
        let width = if first.starts_with('0') { first.len() } else { 0 };
        let [first, last] = [first, last].map(|number| number.parse::<u64>().map_err(|_| wrong()));
        let (first, last) = (first?, last?);
        if last < first || last - first >= MOST {
            return Err(wrong());
        }
        for number in first..=last {
            names.extend(spread(after)?.into_iter().map(|after| format!("{before}{number:0width$}{after}")));
        }
    }
    Ok(names)
}
