use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use super::*;

/// Hands the frame to a real shell as sshd would, in pieces of `piece` bytes.
fn run(shell: &[&str], frame: &Frame, stdin: &[u8]) -> Output {
    let mut child = Command::new(shell[0])
        .args(&shell[1..])
        .arg("-c")
        .arg(&frame.command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("`{}` is needed for this test: {error}", shell[0]));
    let mut pipe = child.stdin.take().unwrap();
    let stdin = stdin.to_vec();
    let writer = std::thread::spawn(move || pipe.write_all(&stdin));
    let output = child.wait_with_output().unwrap();
    // A shell that refuses a script that was cut short may be gone before all is written.
    let _ = writer.join().unwrap();
    output
}

fn own(bytes: &[u8]) -> (Option<u32>, String) {
    let mut prelude = Prelude::default();
    let text = String::from_utf8_lossy(prelude.strip(bytes)).into_owned();
    (prelude.started(), text)
}

#[test]
fn a_script_runs_in_every_login_shell() {
    let script = "cat; printf '%s\\n' \"it's $((1+1)) \\\\ !x\" '`' >&2\ncat <<'END'\n$HOME \"'\nEND\nexit 7\n";
    for shell in [&["bash"][..], &["dash"], &["busybox", "sh"], &["csh"], &["fish"]] {
        for root in [Root::No, Root::IfNeeded] {
            let frame = Frame::new(script, root, false);
            let output = run(shell, &frame, &frame.stdin);
            assert_eq!(own(&output.stdout).1, "$HOME \"'\n", "{shell:?} {output:?}");
            assert_eq!(own(&output.stderr).1, "it's 2 \\ !x\n`\n", "{shell:?}");
            assert_eq!(output.status.code(), Some(7), "{shell:?}");
            assert!(own(&output.stdout).0.is_some());
        }
    }
}

#[test]
fn half_a_script_does_not_run() {
    for script in ["echo first\necho second\n", "echo first; echo second"] {
        let frame = Frame::new(script, Root::No, false);
        for length in 0..frame.stdin.len() {
            let output = run(&["sh"], &frame, &frame.stdin[..length]);
            assert_eq!(output.status.code(), Some(125));
            assert_eq!(own(&output.stdout), (None, String::new()));
        }
    }
}

#[test]
fn a_line_is_run_as_it_is() {
    let line =
        "\t printf '%s|' \"$0\" 'a\\n  b' \\\\ $# \"${s-no}${e-no}${m-no}\"; cat; printf '%s' '# it' # not this \\";
    for shell in [&["bash"][..], &["dash"], &["busybox", "sh"]] {
        for script in [line.to_owned(), format!("{line}\n")] {
            let frame = Frame::new(&script, Root::No, false);
            let shown = own(&run(shell, &frame, &frame.stdin).stdout).1;
            assert_eq!(shown, "sh|a\\n  b|\\|0|nonono|# it", "{shell:?} {script}");
        }
    }
}

#[test]
fn a_mebibyte_of_script_runs() {
    let script = format!("x='{}'\necho ${{#x}}\n", "a".repeat(1 << 20));
    for shell in [["bash"].as_slice(), &["dash"], &["busybox", "sh"]] {
        let frame = Frame::new(&script, Root::No, false);
        assert_eq!(own(&run(shell, &frame, &frame.stdin).stdout).1, "1048576\n", "{shell:?}");
    }
}

#[test]
fn a_held_script_reads_what_follows() {
    for script in ["read -r x; echo \"got $x\"", "read -r x\necho \"got $x\""] {
        let frame = Frame::new(script, Root::No, true);
        let output = run(&["sh"], &frame, &[&frame.stdin, &b"beat\n"[..]].concat());
        assert_eq!(own(&output.stdout).1, "got beat\n");
    }
}

#[test]
fn noise_before_the_start_is_not_output_however_it_is_cut() {
    let bytes = b"hello from .bashrc::bricklayer:start:4711\nout\nput";
    for size in 1..bytes.len() {
        let mut prelude = Prelude::default();
        let text: Vec<u8> = bytes.chunks(size).flat_map(|chunk| prelude.strip(chunk).to_vec()).collect();
        assert_eq!((text.as_slice(), prelude.started()), (&b"out\nput"[..], Some(4711)), "{size}");
    }
}

#[test]
fn a_tracing_shell_does_not_print_the_mark() {
    let frame = Frame::new("echo out", Root::No, false);
    let output = run(&["bash", "-x"], &frame, &frame.stdin);
    assert_eq!(own(&output.stderr).1, "");
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("+ sh -c"));
}

#[test]
fn sudo_that_refuses_is_told_from_a_shell_that_does() {
    let mut prelude = Prelude::default();
    prelude.strip(b"motd\n::bricklayer:sudo::\nsudo: a password is required\n");
    assert_eq!(prelude.noise(), ("sudo: a password is required".into(), true));
    let mut prelude = Prelude::default();
    prelude.strip(b"This account is currently not available.\n");
    assert_eq!(prelude.noise(), ("This account is currently not available.".into(), false));
}

#[test]
fn endless_noise_is_bounded() {
    let mut prelude = Prelude::default();
    (0..1000).for_each(|_| assert!(prelude.strip(&[b'x'; 1000]).is_empty()));
    assert!(prelude.noise().0.len() <= NOISE);
}
