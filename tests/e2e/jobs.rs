//! Jobs of a playbook of one's own that take longer than they are followed.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;

use crate::harness::{Lab, eventually};
use crate::trouble::{has, signal};

const PLAYBOOK: &str = "doc: something long
vars: []
steps:
  - id: work
    doc: work for long
    timeout: 5s
    unless: |
      [ -e /root/done ]
    job: |
      echo begun >>/root/begun
      while ! [ -e /root/enough ]; do date; sleep 0.5; done
      touch /root/done
    verify: |
      [ -e /root/done ]
  - id: next
    doc: go on after it
    timeout: 20s
    unless: |
      [ -e /root/next ]
    script: |
      [ -e /root/done ] && touch /root/next
    verify: |
      [ -e /root/next ]
";

const UNIT: &str = "bricklayer-long-work";
const RUN: [&str; 3] = ["run", "long.yml", "--yes"];

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn a_job_that_outlasts_its_time_goes_on_and_the_next_run_follows_it() {
    let lab = Lab::up("ro-job", 1, "debian12");
    fs::write(lab.folder.join("long.yml"), PLAYBOOK).unwrap();
    let runs = || lab.holds(1, &format!("systemctl is-active -q {UNIT}"));
    let begun = || lab.ssh(1, "cat /root/begun").lines().count();

    let said = lab.expect(1, &RUN);
    let status = format!("it is the unit `{UNIT}` there (`systemctl status {UNIT}`)");
    let goes_on =
        "it is not known whether step `work` of long was done: work for long: it has not ended within 5 s, and goes on";
    let again = "run the same command again to follow it further";
    has(&said, &["server1", goes_on, &status, again, "(exit code 1)"]);
    assert!(runs() && !lab.holds(1, "[ -e /root/next ]"), "{said}");

    // Nobody follows it, and it is not begun a second time.
    has(&lab.expect(1, &[&RUN[..], &["-v"]].concat()), &["it runs already, as bricklayer-long-work", goes_on]);
    assert!(runs() && begun() == 1);

    // Ctrl-C once: it is followed to its end or its time, and what comes after is not begun; twice: it is left.
    let lines = |event: &serde_json::Value| event["event"] == "step_line";
    let told = lab.disturbed(&RUN, lines, |pid| signal(pid, Signal::INT));
    assert_eq!(told.code, 6, "{}", told.text());
    let told = lab.disturbed(&RUN, lines, |pid| {
        signal(pid, Signal::INT);
        std::thread::sleep(Duration::from_millis(500));
        signal(pid, Signal::INT);
    });
    assert_eq!(told.code, 6, "{}", told.text());
    has(&told.gist(), &["interrupted: it is no longer followed, and may still run there"]);
    assert!(runs() && begun() == 1);

    lab.ssh(1, "touch /root/enough");
    eventually(Duration::from_secs(60), "the next run is done", || lab.run(&RUN).code == 0);
    assert!(lab.holds(1, "[ -e /root/next ]") && begun() == 1);
    has(&lab.expect(0, &RUN), &["work for long: nothing to do", "go on after it: nothing to do"]);
    assert!(!runs());
}
