//! Options that are set, taken off, and left alone; and who may mount.

use crate::plan::{Act, Plan, Request, Var};
use crate::services::glusterfs::laws::sim::{Sim, name};
use crate::services::glusterfs::plan::decide;
use crate::services::glusterfs::spec::{Access, Replica};

fn formed() -> Sim {
    let mut sim = Sim::new(3, Replica::Auto);
    sim.run(&Request::default(), usize::MAX).unwrap();
    sim
}

fn plan(sim: &Sim) -> Plan {
    decide(&sim.spec, &sim.look(), &Request::default()).unwrap()
}

fn set(sim: &mut Sim, key: &str, value: &str) {
    sim.volume.as_mut().unwrap().options.insert(key.to_owned(), value.to_owned());
}

fn wish(sim: &mut Sim, key: &str, value: &str) {
    sim.spec.options.insert(key.to_owned(), value.to_owned());
}

#[test]
fn default_takes_an_option_off_once() {
    let mut sim = formed();
    wish(&mut sim, "features.trash", "default");
    assert!(plan(&sim).is_empty());
    set(&mut sim, "features.trash", "on");
    wish(&mut sim, "network.ping-timeout", "20");
    let first = plan(&sim);
    let task = first.tasks().next().unwrap();
    assert_eq!(task.why, "network.ping-timeout is 10, not 20; features.trash is on, and is to be off");
    assert_eq!(task.vars["off"], Var::List(vec!["features.trash".to_owned()]));
    sim.run(&Request::default(), usize::MAX).unwrap();
    assert!(plan(&sim).is_empty() && !sim.volume.as_ref().unwrap().options.contains_key("features.trash"));
}

#[test]
fn a_backup_gives_back_what_the_inventory_does_not_decide() {
    let mut sim = formed();
    set(&mut sim, "features.trash", "on");
    let kept = |options: &[(&str, &str)]| {
        let options = options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let act = Act::Settings([("gv0".to_owned(), options)].into());
        Request { act: Some(act), ..Request::default() }
    };
    let request = kept(&[("performance.io-thread-count", "8"), ("network.ping-timeout", "42"), ("nfs.disable", "on")]);
    let plan = decide(&sim.spec, &sim.look(), &request).unwrap();
    let task = plan.tasks().next().unwrap();
    let why = "performance.io-thread-count is not set, and was 8; features.trash is on, and was not set";
    assert_eq!((plan.tasks().count(), task.why.as_str()), (1, why));
    assert!(plan.notes[0].text.contains("network.ping-timeout (was 42), nfs.disable (was on)"), "{:?}", plan.notes);
    sim.run(&request, usize::MAX).unwrap();
    assert!(decide(&sim.spec, &sim.look(), &request).unwrap().is_empty());
    let options = &sim.volume.as_ref().unwrap().options;
    assert_eq!(options.get("performance.io-thread-count").map(String::as_str), Some("8"));
    assert_eq!((options.get("features.trash"), options["network.ping-timeout"].as_str()), (None, "10"));
}

#[test]
fn what_the_inventory_does_not_name_is_said_and_left_alone() {
    let mut sim = formed();
    set(&mut sim, "nfs.disable", "on");
    assert!(plan(&sim).notes.is_empty(), "{:?}", plan(&sim).notes);
    set(&mut sim, "features.trash", "on");
    let plan = plan(&sim);
    assert!(plan.is_empty());
    let said = &plan.notes[0].text;
    assert!(
        said.contains("features.trash is on;") && said.contains("`features.trash: default` takes one off"),
        "{said}"
    );
}

#[test]
fn access_is_kept_to_who_the_inventory_names_as_nodes_come_and_go() {
    let allow = |sim: &Sim| sim.volume.as_ref().unwrap().options.get("auth.allow").cloned().unwrap_or_default();
    let mut sim = Sim::new(4, Replica::Auto);
    sim.spec.access = Access::Inventory;
    sim.before_the_last(|sim| sim.run(&Request::default(), usize::MAX).map(drop).unwrap());
    assert_eq!(allow(&sim), "10.0.0.1,10.0.0.2,10.0.0.3");
    sim.client();
    sim.run(&Request::default(), usize::MAX).unwrap();
    assert_eq!(allow(&sim), "10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.99");
    assert!(plan(&sim).is_empty());

    // Before the mount of who comes, after the part of who goes.
    let at = |task: &str| sim.done.iter().rposition(|done| done == task).unwrap();
    assert!(at("glusterfs/options@server1") < at("glusterfs/mount@server4"));
    sim.leave(2);
    sim.run(&Request::default(), usize::MAX).unwrap();
    assert_eq!(allow(&sim), "10.0.0.1,10.0.0.3,10.0.0.4,10.0.0.99");
    let at = |task: &str| sim.done.iter().rposition(|done| done.starts_with(task)).unwrap();
    assert!(at("glusterfs/detach") < at("glusterfs/options"));
    assert!(plan(&sim).is_empty());
    assert_eq!(sim.nodes[&name(2)].peers.len(), 0);
}
