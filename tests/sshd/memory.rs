//! A program whose memory is watched.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const MOST_MEMORY: u64 = 64 << 20;

/// Runs it to its end; answers the exit code, and what it has said on standard error. Its memory stays small.
pub(crate) fn run(mut program: Command, out: &Path) -> (Option<i32>, String) {
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

pub(crate) fn size(path: impl AsRef<Path>) -> u64 {
    fs::metadata(path).unwrap().len()
}

/// The file that is named in the text, between backquotes.
pub(crate) fn named(text: &str) -> PathBuf {
    let line = text.lines().find(|line| line.contains(".out`")).unwrap_or_else(|| panic!("{text}"));
    line.split('`').find(|word| word.starts_with('/')).unwrap().into()
}
