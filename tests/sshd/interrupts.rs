//! Ctrl-C in a playbook of one's own.

use std::fs;
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::bed::Sshd;

const PLAYBOOK: &str = "doc: take some time
vars: []
steps:
  - id: slow
    doc: sleep
    timeout: 1m
    script: |
      touch AT/begun; sleep 3; touch AT/ended
    verify: |
      [ -e AT/ended ]
  - id: next
    doc: begin something new
    timeout: 1m
    script: |
      touch AT/next
    verify: |
      [ -e AT/next ]
";

/// The playbook runs, and its first step has begun.
fn begun(sshd: &Sshd) -> Child {
    fs::write(sshd.path("slow.yml"), PLAYBOOK.replace("AT", &sshd.path("").display().to_string())).unwrap();
    let mut program = sshd.program(&["run", "slow.yml", "--yes"]);
    let child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until(|| sshd.path("begun").exists());
    child
}

fn until(holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn ctrl_c(child: &Child) {
    kill_process(Pid::from_child(child), Signal::INT).unwrap();
}

fn said(out: &Output) -> String {
    [out.stdout.as_slice(), &out.stderr].map(String::from_utf8_lossy).concat()
}

#[test]
fn ctrl_c_once_ends_with_the_step_that_runs_and_the_next_run_goes_on() {
    let sshd = Sshd::apart();
    let child = begun(&sshd);
    ctrl_c(&child);
    let out = child.wait_with_output().unwrap();
    let text = said(&out);
    assert_eq!(out.status.code(), Some(6), "{text}");
    assert!(sshd.path("ended").exists() && !sshd.path("next").exists(), "{text}");
    for words in ["nothing new begins", "step is skipped of slow: `next`: interrupted", "1 changed", "(exit code 6)"] {
        assert!(text.contains(words), "`{words}` is not in\n{text}");
    }
    let out = sshd.program(&["run", "slow.yml", "--yes"]).output().unwrap();
    assert!(out.status.success() && sshd.path("next").exists(), "{}", said(&out));
}

#[test]
fn ctrl_c_twice_ends_at_once_and_says_what_still_runs() {
    let sshd = Sshd::apart();
    let child = begun(&sshd);
    ctrl_c(&child);
    // Two that come at the same time are one.
    std::thread::sleep(Duration::from_millis(300));
    ctrl_c(&child);
    let out = child.wait_with_output().unwrap();
    let text = said(&out);
    assert_eq!(out.status.code(), Some(6), "{text}");
    assert!(!sshd.path("ended").exists(), "it did not wait: {text}");
    for words in ["still running: step `slow` of slow", "it is no longer followed", "look what still runs on server1"] {
        assert!(text.contains(words), "`{words}` is not in\n{text}");
    }
    // It was not killed.
    until(|| sshd.path("ended").exists());
    let out = sshd.program(&["run", "slow.yml", "--yes"]).output().unwrap();
    assert!(out.status.success() && sshd.path("next").exists(), "{}", said(&out));
}
