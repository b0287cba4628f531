//! Ctrl-C, once and twice.

use rustix::process::Signal;

use crate::harness::Lab;
use crate::trouble::{GLUSTER, begins, signal};

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn ctrl_c_once_follows_what_runs_to_its_end_and_twice_says_what_still_runs_where() {
    let lab = Lab::up("eb-ctrlc", 3, GLUSTER);
    let starts = |event: &serde_json::Value| begins(event, "glusterfs/service", "glusterd", "server3");

    let told = lab.disturbed(&["up", "--yes"], starts, |pid| {
        signal(pid, Signal::INT);
    });
    assert_eq!(told.code, 6, "{}", told.text());
    let at = told.events.iter().position(|event| event["event"] == "interrupted").unwrap();
    assert!(told.events[at..].iter().all(|event| event["event"] != "step_started"), "no new work: {}", told.text());
    assert_eq!(told.of("step_started").count(), 3, "{}", told.text());
    assert!(told.of("step_ended").all(|event| event["end"]["end"] == "changed"), "{}", told.text());
    assert_eq!(told.of("step_ended").count(), 3, "what ran was followed: {}", told.text());
    assert!(told.of("task_skipped").all(|event| event["why"] == "interrupted"), "{}", told.text());

    lab.reset(&[1, 2, 3]);
    let told = lab.disturbed(&["up", "--yes"], starts, |pid| {
        signal(pid, Signal::INT);
        signal(pid, Signal::INT);
    });
    assert_eq!(told.code, 6, "{}", told.text());
    lab.expect(0, &["up", "--yes"]);
    lab.settled();
}
