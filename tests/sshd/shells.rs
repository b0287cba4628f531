//! Login shells, and what they do before our script.

use std::time::Duration;

use bricklayer::transport::{Exit, HoldError, RunError, Script};

use crate::bed::{Sshd, connect, run, script};

#[tokio::test]
async fn a_script_runs_in_every_login_shell_whatever_it_prints_first() {
    let sshd = Sshd::with_accounts("", "");
    std::fs::write(sshd.path(".bashrc"), "echo noise; echo more noise >&2; printf 'no newline'\n").unwrap();
    std::fs::write(sshd.path(".cshrc"), "echo noise\n").unwrap();
    for user in ["admin", "fisher", "seasheller"] {
        let session = connect(sshd.target_as(user)).await.unwrap();
        let outcome = run(&*session, "id -un; cat; echo \"it's\" >&2; exit 3").await.unwrap();
        assert_eq!((outcome.stdout.text, outcome.stderr.text), (format!("{user}\n"), "it's\n".to_owned()));
        assert_eq!(outcome.exit, Exit::Code(3), "{user}");
    }
}

#[tokio::test]
async fn an_account_without_a_shell_says_so() {
    let sshd = Sshd::with_accounts("", "");
    let session = connect(sshd.target_as("nobash")).await.unwrap();
    let error = run(&*session, "true").await.unwrap_err();
    assert!(matches!(&error, RunError::NotStarted(why) if why.contains("not available")), "{error}");
}

#[tokio::test]
async fn a_forced_command_is_not_our_script() {
    let sshd = Sshd::start("ForceCommand echo something else");
    let session = sshd.connect().await;
    let error = run(&*session, "true").await.unwrap_err();
    assert!(matches!(&error, RunError::NotStarted(why) if why == "something else"), "{error}");
    // Its input is not read by anybody, and a long one does not hang.
    let error = run(&*session, &"#\n".repeat(4 << 20)).await.unwrap_err();
    assert!(matches!(&error, RunError::NotStarted(_)), "{error}");
}

#[tokio::test]
async fn a_mebibyte_of_script_runs() {
    let sshd = Sshd::start("");
    let session = sshd.connect().await;
    let text = format!("x='{}'\necho ${{#x}}", "é".repeat(1 << 19));
    let outcome = run(&*session, &text).await.unwrap();
    assert!(["1048576\n", "524288\n"].contains(&outcome.stdout.text.as_str()), "{}", outcome.stdout.text);
}

#[tokio::test]
async fn a_script_that_leaves_a_child_behind_ends() {
    let sshd = Sshd::start("");
    let session = sshd.connect().await;
    let outcome = run(&*session, "sleep 30 & echo $!").await.unwrap();
    assert_eq!(outcome.exit, Exit::Code(0));
    run(&*session, &format!("kill {}", outcome.stdout.text)).await.unwrap();
}

#[tokio::test]
async fn a_script_ended_by_a_signal_says_which() {
    let sshd = Sshd::start("");
    let session = sshd.connect().await;
    // The login shell is replaced by our `sh`, or passes the signal on as 128 + 9.
    let outcome = run(&*session, "kill -KILL $$").await.unwrap();
    assert!([Exit::Signal("KILL".into()), Exit::Code(137)].contains(&outcome.exit), "{:?}", outcome.exit);
}

#[tokio::test]
async fn a_lock_is_held_until_it_is_let_go_of() {
    let sshd = Sshd::start("");
    let lock = sshd.path("lock");
    let text =
        format!("exec 9>{}; flock -n 9 || exit 5; echo \"held by $$\"; while read -r _; do :; done", lock.display());
    let taking = Script { text, ..script("") };
    let (one, two) = (sshd.connect().await, sshd.connect().await);
    let beat = Duration::from_millis(50);
    let (first, hold) = one.hold(&taking, beat).await.unwrap();
    assert!(first.starts_with("held by ") && hold.alive());
    let busy = two.hold(&taking, beat).await.err().unwrap();
    assert!(matches!(&busy, HoldError::Ended(outcome) if outcome.exit == Exit::Code(5)), "{busy}");
    hold.release().await;
    let (_, hold) = two.hold(&taking, beat).await.unwrap();
    // The connection is gone, so the node lets go by itself.
    two.close().await;
    drop(two);
    let waits = format!("flock -w 10 {} echo free", lock.display());
    assert_eq!(run(&*one, &waits).await.unwrap().stdout.text, "free\n");
    assert!(!hold.alive());
}
