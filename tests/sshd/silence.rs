//! A peer that falls silent without a word.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::bed::Sshd;

/// How long it takes to notice, once nothing gets through any more; and what was said then.
fn noticed(interval: u64, most: u64) -> (Duration, String) {
    let sshd = Sshd::apart();
    let config = format!("ServerAliveInterval {interval}\nServerAliveCountMax {most}\n");
    std::fs::write(sshd.path("ssh_config"), config).unwrap();
    let mut program = sshd.program(&["-F", "ssh_config", "exec", "--", "echo begun; sleep 600"]);
    let mut child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "server1: begun\n");
    let cut = sshd.beside("ip").args(["link", "set", "lo", "down"]).status().unwrap();
    assert!(cut.success());
    let since = Instant::now();
    let status = child.wait().unwrap();
    let took = since.elapsed();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(status.code(), Some(1), "{said}");
    (took, said)
}

#[test]
fn a_peer_that_falls_silent_is_found_in_the_time_that_ssh_config_says() {
    // `(ServerAliveCountMax + 1) * ServerAliveInterval`, less what had passed of the first; and a goodbye that nobody hears.
    for (interval, most, from, to) in [(1, 2, 2, 8), (3, 3, 9, 17)] {
        let (took, said) = noticed(interval, most);
        assert!((from..to).contains(&took.as_secs()), "{interval} s, {most} times: {took:?}: {said}");
        for words in ["server1: the connection was lost while it ran", "it is not known how far it came"] {
            assert!(said.contains(words), "{said}");
        }
    }
}
