//! Much output, in bounded memory, and none of it lost.

use std::fs;

use crate::bed::Sshd;
use crate::memory::{named, run, size};

const BYTES: u64 = 64 << 20;

const FLOOD: &str = "yes 'what a node prints when it has much to say' | head -c 64M";

#[test]
fn a_command_that_floods_takes_no_memory() {
    let sshd = Sshd::apart();
    let out = sshd.path("out");
    let (code, said) = run(sshd.program(&["exec", "--", FLOOD]), &out);
    assert_eq!(code, Some(0), "{said}");
    let lines = BYTES.div_ceil("what a node prints when it has much to say\n".len() as u64);
    // The last line is cut.
    assert_eq!(size(&out), BYTES + lines * "server1: ".len() as u64 + 1);
}

#[test]
fn a_flood_that_is_grouped_lies_in_a_file_that_is_named() {
    let sshd = Sshd::apart();
    let out = sshd.path("out");
    let (code, said) = run(sshd.program(&["exec", "--group", "--", FLOOD]), &out);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(size(&out), BYTES + "---- server1 (1 node): exit code 0\n".len() as u64 + 1);
    assert!(said.contains("[INFO] server1: 64.00 MiB were printed"), "{said}");
    assert_eq!(size(named(&said)), BYTES);
}

#[test]
fn a_step_that_floods_takes_no_memory_and_all_of_it_lies_in_a_file_that_is_named() {
    let sshd = Sshd::apart();
    let step = |id: &str, script: &str| {
        format!(
            "  - id: {id}\n    doc: print\n    timeout: 5m\n    script: |\n      {script}\n    verify: |\n      true\n"
        )
    };
    let failing = format!("echo first >&2; {FLOOD}; echo last >&2; exit 7");
    let playbook = format!("doc: print\nvars: []\nsteps:\n{}{}", step("well", FLOOD), step("badly", &failing));
    fs::write(sshd.path("flood.yml"), playbook).unwrap();
    let out = sshd.path("out");
    let (code, said) = run(sshd.program(&["run", "flood.yml", "--yes"]), &out);
    let told = fs::read_to_string(&out).unwrap();
    assert_eq!(code, Some(1), "{told}{said}");
    assert!(said.contains("last") && said.contains("exit code 7"), "{said}");
    for (id, more) in [("well", 0), ("badly", "first\nlast\n".len() as u64)] {
        let printed = format!("step `{id}` of flood has printed 64.00 MiB: all of it is in `");
        let line = told.lines().find(|line| line.contains(&printed)).unwrap_or_else(|| panic!("{told}"));
        let file = named(line);
        assert!(file.ends_with(format!("server1.flood.{id}.out")), "{file:?}");
        // The last line is ended.
        assert_eq!(size(&file), BYTES + more + 1);
        // It lies beside the journal, which does not have it all.
        assert!(size(file.with_file_name("events.jsonl")) < 4 << 20);
    }
}
