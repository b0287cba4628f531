//! Much more output than memory.

use std::fs;

use crate::harness::Lab;
use crate::memory::{named, run, size};
use crate::trouble::has;

const GIB: u64 = 1 << 30;
const FLOOD: &str = "yes 'what a node prints when it has much to say' | head -c 1G";

const PLAYBOOK: &str = "doc: print
vars: []
steps:
  - id: flood
    doc: print
    timeout: 30m
    script: |
      FLOOD; exit 7
    verify: |
      true
";

#[test]
#[ignore = "needs root and the lab, and three gibibytes of disk for some minutes: make soak"]
fn soak_a_gibibyte_takes_no_memory_and_is_not_lost() {
    let lab = Lab::up("ro-flood", 1, "debian12");
    let out = lab.folder.join("out");
    let (code, said) = run(lab.program(&["exec", "--", FLOOD]), &out);
    assert_eq!(code, Some(0), "{said}");
    let lines = GIB.div_ceil("what a node prints when it has much to say\n".len() as u64);
    // The last line is cut.
    assert_eq!(size(&out), GIB + lines * "server1: ".len() as u64 + 1);

    let (code, said) = run(lab.program(&["exec", "--group", "--", FLOOD]), &out);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(size(&out), GIB + "---- server1 (1 node): exit code 0\n".len() as u64 + 1);
    assert_eq!(size(named(&said)), GIB);
    fs::remove_file(named(&said)).unwrap();

    fs::write(lab.folder.join("flood.yml"), PLAYBOOK.replace("FLOOD", FLOOD)).unwrap();
    let (code, said) = run(lab.program(&["run", "flood.yml", "--yes"]), &out);
    let told = fs::read_to_string(&out).unwrap();
    assert_eq!(code, Some(1), "{told}{said}");
    has(&told, &["step `flood` of flood has printed 1.00 GiB: all of it is in `"]);
    let file = named(&told);
    assert_eq!(size(&file), GIB + 1);
    assert!(size(file.with_file_name("events.jsonl")) < 8 << 20);
}
