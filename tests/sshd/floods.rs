//! Much output, in bounded memory, and none of it lost.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::bed::Sshd;

const BYTES: u64 = 64 << 20;
const MOST_MEMORY: u64 = 64 << 20;

const FLOOD: &str = "yes 'what a node prints when it has much to say' | head -c 64M";

/// Runs it to its end; answers the exit code, and what it has said on standard error. Its memory stays small.
fn run(mut program: Command, out: &Path) -> (Option<i32>, String) {
    let err = out.with_extension("err");
    program.stdout(File::create(out).unwrap()).stderr(File::create(&err).unwrap());
    let mut child = program.spawn().unwrap();
    let mut most = 0;
    let status = loop {
        // It only grows, and is gone with the process.
        most = most.max(peak(child.id()).unwrap_or_default());
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(most > 1 << 20 && most < MOST_MEMORY, "{most} bytes of memory");
    (status.code(), fs::read_to_string(err).unwrap())
}

fn peak(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}

fn size(path: impl AsRef<Path>) -> u64 {
    fs::metadata(path).unwrap().len()
}

/// The file that is named in the text, between backquotes.
fn named(text: &str) -> PathBuf {
    let line = text.lines().find(|line| line.contains(".out`")).unwrap_or_else(|| panic!("{text}"));
    line.split('`').find(|word| word.starts_with('/')).unwrap().into()
}

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
