//! Every room has the same parts, so that the next service is a copy.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{files, root};

const PARTS: [&str; 7] = ["contract", "facts", "laws", "plan", "probe", "room", "spec"];

#[test]
fn rooms_have_the_same_parts() {
    let mut rooms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files() {
        let Some((room, rest)) = file.path.strip_prefix("services/").and_then(|rest| rest.split_once('/')) else {
            continue;
        };
        let part = rest.split('/').next().unwrap().trim_end_matches(".rs");
        if part != "mod" {
            rooms.entry(room.to_owned()).or_default().insert(part.to_owned());
        }
    }
    for (room, parts) in &rooms {
        assert_eq!(parts.iter().map(String::as_str).collect::<Vec<_>>(), PARTS, "room `{room}`");
        assert!(root().join("playbooks").join(room).is_dir(), "room `{room}` has no playbooks");
    }
    assert!(!rooms.is_empty());
}
