//! Files and functions stay small enough to be read.

use crate::source::{File, files};

#[test]
fn files_are_short() {
    let product: Vec<File> = files().into_iter().filter(|file| !file.is_test()).collect();
    let mut lines: Vec<usize> = product.iter().map(|file| file.product().lines().count()).collect();
    for (file, lines) in product.iter().zip(&lines) {
        assert!(*lines <= 400, "{} has {lines} lines", file.path);
    }
    lines.sort_unstable();
    let median = lines[lines.len() / 2];
    assert!(median <= 150, "the median file has {median} lines");
}

#[test]
fn main_is_a_doorstep() {
    let main = files().into_iter().find(|file| file.path == "main.rs").unwrap();
    assert!(main.text.lines().count() <= 25);
}

// Clippy holds the longest to 80 lines; this holds the habit.
#[test]
fn functions_are_short() {
    let mut lengths: Vec<usize> =
        files().iter().filter(|file| !file.is_test()).flat_map(|file| functions(file.product())).collect();
    lengths.sort_unstable();
    let p90 = lengths[lengths.len() * 9 / 10];
    assert!(p90 <= 35, "one function in ten has more than {p90} lines");
}

#[test]
fn modules_hold_no_logic() {
    for file in files().iter().filter(|file| file.path.ends_with("mod.rs")) {
        assert!(functions(file.product()).is_empty(), "{} has functions", file.path);
    }
}

// From a line that has `fn ` to the line that closes it at the same indent: rustfmt makes this exact enough.
fn functions(text: &str) -> Vec<usize> {
    let lines: Vec<&str> = text.lines().collect();
    let mut lengths = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let begins = [
            "fn ",
            "pub fn ",
            "pub(super) fn ",
            "pub(crate) fn ",
            "async fn ",
            "pub async fn ",
            "pub(super) async fn ",
            "const fn ",
        ]
        .iter()
        .any(|word| code.starts_with(word));
        if begins {
            let indent = line.len() - code.len();
            let close = format!("{}}}", " ".repeat(indent));
            lengths.extend(lines[at..].iter().position(|line| *line == close).map(|length| length + 1));
        }
    }
    lengths
}
