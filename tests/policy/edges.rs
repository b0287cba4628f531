//! Who may use whom. Deciding never touches the world, and telling never does.

use std::collections::BTreeSet;

use crate::source::files;

/// Each module, and all that it may use. `services/*` may use the general part of `services` (`room`), and that
/// opens the rooms.
const EDGES: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("yaml", &["model"]),
    ("inventory", &["model", "yaml"]),
    ("facts", &["model"]),
    ("plan", &["model"]),
    ("services", &["model", "yaml", "inventory", "facts", "plan"]),
    ("playbook", &["model", "yaml", "facts", "plan"]),
    ("transport", &["model"]),
    ("events", &["model", "plan"]),
    ("advice", &[]),
    ("exec", &["model", "advice", "facts", "plan", "playbook", "transport", "events"]),
    ("report", &["model", "plan", "events"]),
    (
        "ops",
        &[
            "model",
            "advice",
            "yaml",
            "inventory",
            "facts",
            "plan",
            "services",
            "playbook",
            "transport",
            "events",
            "exec",
            "report",
        ],
    ),
    ("cli", &["model", "plan", "ops", "report"]),
];

#[test]
fn every_use_is_an_edge_of_the_table() {
    let mut wrong = Vec::new();
    for file in files() {
        let Some((module, _)) = file.path.split_once('/') else { continue };
        let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("{}: module `{module}` is not in the table", file.path));
            continue;
        };
        for used in uses(file.product()) {
            if used != module && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{}: `{module}` may not use `{used}`", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rooms_do_not_know_each_other() {
    let rooms: BTreeSet<String> = files()
        .iter()
        .filter_map(|file| file.path.strip_prefix("services/")?.split_once('/').map(|(room, _)| room.to_owned()))
        .collect();
    assert!(rooms.contains("glusterfs"));
    for file in files() {
        let Some((room, _)) = file.path.strip_prefix("services/").and_then(|rest| rest.split_once('/')) else {
            continue;
        };
        for other in rooms.iter().filter(|other| *other != room) {
            assert!(!file.text.contains(&format!("services::{other}")), "{} uses the room `{other}`", file.path);
        }
    }
}

#[test]
fn the_table_has_no_circle() {
    for (at, (name, allowed)) in EDGES.iter().enumerate() {
        for used in *allowed {
            let before = EDGES[..at].iter().any(|(other, _)| other == used);
            assert!(before, "`{name}` uses `{used}`, which stands below it");
        }
    }
}

// `crate::NAME` in code; comments and doc links do not count.
fn uses(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines().map(str::trim_start).filter(|line| !line.starts_with("//")) {
        for rest in line.split("crate::").skip(1) {
            let name: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            found.extend((!name.is_empty()).then_some(name));
        }
    }
    found
}
