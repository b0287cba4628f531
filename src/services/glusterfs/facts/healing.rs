//! What is to be healed, brick by brick, and what no heal can decide, copy by copy.

use std::collections::BTreeMap;

use crate::facts::Seen;
use crate::model::{Finding, Health, NodeName};
use crate::services::glusterfs::facts::{
    Brick, BrickCopy, BrickHeal, Dispute, Index, NodeFacts, SplitBrain, index, listed, split_brains,
};
use crate::services::glusterfs::spec::Spec;

/// A finding for each brick, and for each file or folder in split-brain.
pub fn healing(spec: &Spec, nodes: &BTreeMap<NodeName, Seen<NodeFacts>>) -> Vec<Finding> {
    let known = || nodes.values().filter_map(Seen::known);
    let Some(volume) = known().find_map(|facts| facts.volume(&spec.volume)) else {
        return vec![Finding {
            kind: "volume",
            name: spec.volume.clone(),
            health: Health::Down,
            seen: vec![("state", "missing".to_owned())],
            remedy: Some("no node that answers has this volume; `bricklayer up` creates it".to_owned()),
        }];
    };
    let counts = known().find_map(|facts| facts.heal.as_deref());
    let splits = split_brains(volume, nodes);
    let size = volume.replica.max(1) as usize;
    let bricks = volume.bricks.iter().enumerate();
    let bricks = bricks.map(|(at, one)| {
        let index = listed(nodes).and(index(one, nodes)).map(|(_, index)| index);
        brick(one, at / size + 1, counts, (index, &splits))
    });
    bricks.chain(splits.iter().map(split_brain)).collect()
}

fn brick(
    brick: &Brick,
    set: usize,
    counts: Option<&[BrickHeal]>,
    (index, splits): (Option<&Index>, &[SplitBrain]),
) -> Finding {
    let found = counts.and_then(|counts| counts.iter().find(|one| one.name == brick.name));
    let (connected, entries) = found.map_or((false, None), |one| (one.connected, one.entries));
    let split = splits.iter().filter(|one| one.copies.iter().any(|copy| copy.brick == brick.name)).count();
    let remedy = match (connected, entries) {
        (false, _) => Some("it does not answer: `bricklayer status` says more, and `bricklayer up` starts it"),
        (true, None) => Some("it does not say what it has to heal"),
        (true, Some(_)) if index.is_none() => Some("what it has in split-brain is not known"),
        (true, Some(_)) if index.is_some_and(|index| index.more) => {
            Some("only the first 2,000 of what it has to heal were looked at for split-brain")
        }
        (true, Some(_)) if split > 0 => Some("what is in split-brain follows"),
        (true, Some(0)) => None,
        (true, Some(_)) => Some("it ends by itself"),
    };
    Finding {
        kind: "brick",
        name: brick.name.clone(),
        health: if remedy.is_none() { Health::Healthy } else { Health::Degraded },
        seen: vec![
            ("set", set.to_string()),
            ("connected", if connected { "yes" } else { "no" }.to_owned()),
            ("to heal", entries.map_or_else(|| "unknown".to_owned(), |entries| entries.to_string())),
            ("split-brain", index.map_or_else(|| "unknown".to_owned(), |_| split.to_string())),
            ("MiB", index.map_or_else(|| "unknown".to_owned(), size)),
        ],
        remedy: remedy.map(str::to_owned),
    }
}

// Of the files whose content others miss: as much may have to be copied.
fn size(index: &Index) -> String {
    let content = index.copies.iter().filter(|copy| copy.kind == "regular file" && copy.blames(|marks| marks.data));
    let bytes: u64 = content.map(|copy| copy.size).sum();
    format!("{}{}", bytes.div_ceil(1 << 20), if index.more { "+" } else { "" })
}

fn split_brain(split: &SplitBrain) -> Finding {
    let disputes: Vec<_> = split.disputes.iter().map(|dispute| dispute.word()).collect();
    let copies = split.copies.iter().map(|one| ("copy", looks(one, split)));
    Finding {
        kind: "split-brain",
        name: split.name.clone(),
        health: Health::Degraded,
        seen: [("about", disputes.join(" and "))].into_iter().chain(copies).collect(),
        remedy: None,
    }
}

/// `server1: 4 bytes, 2026-11-25 18:28:11`, and what else tells it from the others.
pub fn looks(one: &BrickCopy, split: &SplitBrain) -> String {
    let BrickCopy { node, copy, .. } = one;
    let about = |dispute| split.disputes.contains(&dispute);
    let what = match copy.kind.as_str() {
        "directory" => "folder".to_owned(),
        "regular file" => format!("{} bytes", copy.size),
        kind => kind.to_owned(),
    };
    let written = (!about(Dispute::Entries)).then(|| copy.written.clone());
    let owner = about(Dispute::Metadata).then(|| copy.owner.clone());
    let words: Vec<_> = [Some(what), written, owner].into_iter().flatten().collect();
    format!("{node}: {}", words.join(", "))
}
