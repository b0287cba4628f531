//! Much at once, and for long.

use std::time::{Duration, Instant};

use bricklayer::transport::{Exit, Limits, RunError, RusshTransport, Script, Target, Transport as _};
use futures::future::join_all;

use crate::bed::{NODE, Sshd, run, script};

#[tokio::test]
async fn thirty_scripts_at_once_over_one_connection() {
    let sshd = Sshd::start("MaxSessions 10");
    let session = sshd.connect().await;
    let one = script("sleep 0.1; echo out");
    let outcomes = join_all((0..30).map(|_| session.run(&one, &|_| ()))).await;
    assert!(outcomes.iter().all(|o| o.as_ref().is_ok_and(|o| o.stdout.text == "out\n")), "{outcomes:?}");
}

#[tokio::test]
async fn thirty_timed_out_scripts_leave_no_session_and_no_process() {
    let sshd = Sshd::start("MaxSessions 10");
    let session = sshd.connect().await;
    let marked = format!("sleep 4711.{}", sshd.port);
    let slow = Script { timeout: Duration::from_secs(1), ..script(&format!("trap '' HUP; {marked}; {marked}")) };
    let errors = join_all((0..30).map(|_| async {
        // One that waits for a free channel does so in its own time.
        loop {
            match session.run(&slow, &|_| ()).await {
                Err(RunError::NotStarted(_)) => {}
                ended => return ended,
            }
        }
    }))
    .await;
    assert!(errors.iter().all(|error| matches!(error, Err(RunError::TimedOut(..)))), "{errors:?}");
    let left = format!("grep -lzxF 4711.{} /proc/[0-9]*/cmdline", sshd.port);
    assert_eq!(run(&*session, &left).await.unwrap().stdout.text, "");
    for _ in 0..10 {
        assert_eq!(run(&*session, "true").await.unwrap().exit, Exit::Code(0));
    }
}

#[tokio::test]
async fn a_script_that_ignores_term_is_killed() {
    let sshd = Sshd::start("");
    let limits = Limits { kill_grace: Duration::from_secs(1), ..Limits::default() };
    let session = RusshTransport::new(vec![sshd.target()], limits).connect(&NODE.into()).await.unwrap();
    let text = "trap '' TERM; echo $$; while :; do sleep 1; done";
    let deaf = Script { timeout: Duration::from_secs(1), ..script(text) };
    let RunError::TimedOut(_, outcome) = session.run(&deaf, &|_| ()).await.unwrap_err() else { panic!() };
    // On a busy machine it is tried again after the answer.
    let pid = outcome.stdout.text.trim().to_owned();
    let gone = format!("for i in $(seq 100); do [ -e /proc/{pid} ] || exit 0; sleep 0.2; done; exit 1");
    assert_eq!(run(&*session, &gone).await.unwrap().exit, Exit::Code(0));
}

#[tokio::test]
async fn a_flood_takes_no_memory() {
    let sshd = Sshd::start("RekeyLimit 16M");
    let session = sshd.connect().await;
    let before = resident();
    let outcome = run(&*session, "head -c 256M /dev/zero").await.unwrap();
    assert_eq!(outcome.stdout.total, 256 << 20);
    // Other tests run in this process; all of them together take less than the flood would.
    assert!(resident() < before + (128 << 20), "{before} -> {}", resident());
}

/// Bytes of memory that this process has in use.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

#[tokio::test]
async fn keys_are_exchanged_anew_in_both_directions() {
    let sshd = Sshd::start("RekeyLimit 1M");
    let limits = Limits { rekey_bytes: 1 << 20, ..Limits::default() };
    let session = RusshTransport::new(vec![sshd.target()], limits).connect(&NODE.into()).await.unwrap();
    let text = format!("cat <<'END' | wc -c; head -c 20M /dev/zero >&2\n{}\nEND\n", "x".repeat(20 << 20));
    let outcome = run(&*session, &text).await.unwrap();
    assert_eq!(outcome.stdout.text.trim(), ((20 << 20) + 1).to_string());
    assert_eq!(outcome.stderr.total, 20 << 20);
}

#[tokio::test]
async fn a_full_max_startups_is_met_with_patience() {
    // From the second unauthenticated connection on, sshd refuses.
    let sshd = Sshd::start("MaxStartups 2:100:2");
    let targets: Vec<_> =
        (0..12).map(|number| Target { name: format!("node{number}").as_str().into(), ..sshd.target() }).collect();
    let names: Vec<_> = targets.iter().map(|target| target.name.clone()).collect();
    let limits = Limits { retries: 8, ..Limits::default() };
    let transport = RusshTransport::new(targets, limits);
    let sessions = join_all(names.iter().map(|name| transport.connect(name))).await;
    for session in sessions {
        run(&*session.unwrap(), "true").await.unwrap();
    }
}

#[tokio::test]
async fn a_port_where_nothing_listens_is_said_at_once() {
    let sshd = Sshd::start("");
    let mut target = sshd.target();
    target.port = 1;
    let since = Instant::now();
    let error = crate::bed::connect(target).await.err().unwrap();
    assert_eq!(error.to_string(), "127.0.0.1:1 does not answer: connection refused; is sshd running there?");
    assert!(since.elapsed() < Duration::from_secs(5));
}
