use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::*;
use crate::inventory::{Draft, Inventory, Places};
use crate::playbook::OF_NODE;
use crate::yaml::Source;

fn inventory() -> Inventory {
    let text = "nodes:\n  controllers:\n    - {hostname: b, ip_address: 10.0.0.2, priority: 90, services: {web: true}}\n    \
                - {hostname: a, ip_address: 10.0.0.1}\n  compute_nodes:\n    - {hostname: c, ip_address: 10.0.0.3}\n";
    let draft = Draft::of(Path::new("i.yml"), Source::new("i.yml", text), &Places::default());
    draft.finish().unwrap_or_else(|problems| panic!("{problems}"))
}

fn own(text: &str) -> (tempfile::TempDir, Own, RunWish) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("motd.yml");
    fs::write(&file, text).unwrap();
    let own = Own::load(&file).unwrap_or_else(|faults| panic!("{faults}"));
    let wish = RunWish { file, vars: Vec::new(), serial: None, max_fail: Share::Nodes(0), dry_run: false, yes: false };
    (folder, own, wish)
}

const HELLO: &str = "doc: say hello\nvars: []\nsteps:\n  - {id: hello, doc: say it, timeout: 1m, script: 'echo {{ node }}', \
                     verify: 'true'}\n";

#[test]
fn waves_are_in_the_order_of_the_inventory_and_as_wide_as_wanted() {
    let inventory = inventory();
    let (_folder, own, mut wish) = own(HELLO);
    let all: Vec<NodeName> = ["b", "a", "c"].map(NodeName::new).into();
    for (serial, nodes, waves) in [
        (None, &all[..], "b a c"),
        (Some(Share::Nodes(1)), &all[..], "b|a|c"),
        (Some(Share::Nodes(2)), &all[..], "b a|c"),
        (Some(Share::Percent(1)), &all[..], "b|a|c"),
        (Some(Share::Percent(70)), &all[..], "b a|c"),
        (Some(Share::Nodes(9)), &all[..2], "b a"),
    ] {
        wish.serial = serial;
        let (plan, ready) = plan(&own, &inventory.nodes, nodes, (&Vars::new(), &wish)).unwrap();
        let wave = |wave: &Wave| wave.tasks.iter().map(|task| task.id.node.as_str()).collect::<Vec<_>>().join(" ");
        let found: Vec<_> = plan.stages[0].waves.iter().map(wave).collect();
        assert_eq!(found.join("|"), waves, "{serial:?}");
        assert_eq!(ready.len(), nodes.len());
        assert_eq!(plan.stages[0].doc, "say hello");
    }
}

#[test]
fn a_node_is_known_by_what_the_inventory_says() {
    let inventory = inventory();
    let vars = of_node(&inventory.nodes[0], &inventory.nodes);
    assert_eq!(vars.each_ref().map(|(name, _)| *name), OF_NODE);
    let text = |text: &str| Var::Text(text.to_owned());
    let list = |words: &[&str]| Var::List(words.iter().map(|word| (*word).to_owned()).collect());
    let vars = BTreeMap::from(vars);
    assert_eq!(vars["nodes"], list(&["b", "a", "c"]));
    assert_eq!(vars["addresses"], list(&["10.0.0.2", "10.0.0.1", "10.0.0.3"]));
    assert_eq!((&vars["role"], &vars["priority"]), (&text("controller"), &Var::Number(90)));
    assert_eq!(vars["services"], list(&["web"]));
    let other = BTreeMap::from(of_node(&inventory.nodes[2], &inventory.nodes));
    assert_eq!((&other["role"], &other["priority"]), (&text("compute_node"), &Var::Number(0)));
    // What is not printed is not carried along: with many nodes, `nodes` is long.
    let (_folder, own, wish) = own(HELLO);
    let (plan, _) = plan(&own, &inventory.nodes, &[NodeName::new("a")], (&Vars::new(), &wish)).unwrap();
    let task = plan.tasks().next().unwrap();
    assert_eq!(task.vars, Vars::from([("node".to_owned(), text("a"))]));
}

#[test]
fn what_cannot_be_rendered_is_said_with_its_place_before_anything_is_done() {
    let text = "doc: d\nvars: [where]\nsteps:\n  - id: s\n    doc: d\n    timeout: 1m\n    script: |\n      true\n      \
                echo {{ nodes[7] }}\n    verify: 'true'\n  - {id: f, doc: d, timeout: 1m, verify: 'true', file: {path: '{{ \
                where }}', mode: '0644', owner: root, content: x}}\n";
    let inventory = inventory();
    let (_folder, own, wish) = own(text);
    let vars = Vars::from([("where".to_owned(), Var::Text("relative".to_owned()))]);
    let fault = plan(&own, &inventory.nodes, &[NodeName::new("a")], (&vars, &wish)).err().unwrap();
    assert_eq!(fault.code(), 3);
    let file = wish.file.display();
    assert_eq!(fault.to_string(), format!("playbook `motd` (s/script, in {file}:9): undefined value"));
    let (_folder, own, wish) = self::own(&text.replace("nodes[7]", "nodes[0]"));
    let fault = plan(&own, &inventory.nodes, &[NodeName::new("a")], (&vars, &wish)).err().unwrap();
    let file = wish.file.display();
    let why = "a path is absolute, has no `..` and is one line";
    assert_eq!(fault.to_string(), format!("playbook `motd` (f/path, in {file}:11): {why}"));
}

#[test]
fn nodes_that_are_not_there_are_left_out() {
    let inventory = inventory();
    let (_folder, own, wish) = own(HELLO);
    let wish = RunWish { serial: Some(Share::Nodes(1)), ..wish };
    let all: Vec<NodeName> = ["a", "b", "c"].map(NodeName::new).into();
    let (mut plan, _) = plan(&own, &inventory.nodes, &all, (&Vars::new(), &wish)).unwrap();
    leave_out(&mut plan, &BTreeSet::from([NodeName::new("a"), NodeName::new("c")]));
    let left: Vec<_> = plan.stages[0].waves.iter().map(|wave| wave.tasks[0].id.node.as_str()).collect();
    assert_eq!(left, ["a", "c"]);
}

#[test]
fn what_to_type_about_nodes_that_are_lost_keeps_what_was_typed() {
    let lost = |names: &[&str]| -> Vec<NodeName> { names.iter().map(|name| NodeName::new(name)).collect() };
    let refusal = too_few(&lost(&["n1", "n2", "n3", "bee"]), 1, Some("@all"));
    assert_eq!(refusal.what, "4 cannot be reached, and 1 may fail (`--max-fail`): nothing was begun");
    assert!(refusal.unreachable && refusal.remedy.contains("`--on '@all,!bee,!n[1-3]'`"), "{refusal:?}");
    assert!(refusal.remedy.contains("`--max-fail 4`"), "{refusal:?}");
    assert!(too_few(&lost(&["b"]), 0, None).remedy.contains("`--on '!b'`"));
}
