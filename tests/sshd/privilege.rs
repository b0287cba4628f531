//! Becoming root.

use std::sync::Arc;
use std::time::Duration;

use bricklayer::model::Secret;
use bricklayer::transport::{Become, Outcome, RunError, Script, Target};

use crate::bed::{PASSWORD, Sshd, connect, script};

async fn as_root(target: Target, text: &str) -> Result<Outcome, RunError> {
    let root = Script { become_root: true, ..script(text) };
    connect(target).await.unwrap().run(&root, &|_| ()).await
}

/// What was said on the node and the remedy.
fn refused(outcome: Result<Outcome, RunError>) -> (String, String) {
    match outcome {
        Err(RunError::Privilege { what, said, remedy }) => {
            assert!(what.starts_with("admin "), "{what}");
            (said, remedy)
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn sudo_is_used_where_it_is_needed() {
    for rules in ["", "Defaults use_pty\n"] {
        let sshd = Sshd::with_accounts("", &format!("{rules}ALL ALL=(ALL) NOPASSWD: ALL"));
        for user in ["admin", "fisher", "seasheller"] {
            let outcome = as_root(sshd.target_as(user), "id -u; cat; echo \"$SUDO_USER\" >&2; exit 3").await.unwrap();
            assert_eq!((outcome.stdout.text, outcome.stderr.text), ("0\n".to_owned(), format!("{user}\n")), "{rules}");
        }
        let outcome = as_root(sshd.target(), "id -u; echo \"${SUDO_USER-none}\"").await.unwrap();
        assert_eq!(outcome.stdout.text, "0\nnone\n");
        let mut target = sshd.target();
        target.become_root = Become::Sudo;
        assert_eq!(as_root(target, "echo \"${SUDO_USER-none}\"").await.unwrap().stdout.text, "root\n");
    }
}

// What a user who is not root sees of a node could pass for a fresh one.
#[tokio::test]
async fn where_sudo_is_forbidden_nothing_runs_as_anybody_else() {
    let sshd = Sshd::with_accounts("", "ALL ALL=(ALL) NOPASSWD: ALL");
    let mut target = sshd.target_as("admin");
    target.become_root = Become::None;
    let (said, remedy) = refused(as_root(target.clone(), "echo ran").await);
    assert!(said.contains("(admin)") && remedy.contains("`user: root`"), "{said}: {remedy}");
    let session = connect(target).await.unwrap();
    assert_eq!(session.run(&script("id -un"), &|_| ()).await.unwrap().stdout.text, "admin\n");
    let mut target = sshd.target();
    target.become_root = Become::None;
    assert_eq!(as_root(target, "id -un").await.unwrap().stdout.text, "root\n");
}

#[tokio::test]
async fn sudo_that_refuses_is_reported_with_its_words_and_a_remedy() {
    for (rules, said, remedy) in [
        ("admin ALL=(ALL) ALL", "password is required", "echo 'admin ALL=(ALL) NOPASSWD: ALL' >>/etc/sudoers.d/"),
        ("", "password is required", "NOPASSWD"),
        ("Defaults requiretty\nadmin ALL=(ALL) NOPASSWD: ALL", "must have a tty", "'Defaults:admin !requiretty'"),
    ] {
        let sshd = Sshd::with_accounts("", rules);
        let refusal = refused(as_root(sshd.target_as("admin"), "id -u").await);
        assert!(refusal.0.contains(said) && refusal.1.contains(remedy), "{rules}: {refusal:?}");
        // Without wanting root it works.
        let session = connect(sshd.target_as("admin")).await.unwrap();
        assert_eq!(session.run(&script("id -un"), &|_| ()).await.unwrap().stdout.text, "admin\n");
    }
}

#[tokio::test]
async fn a_node_without_sudo_says_so() {
    let probe = tempfile::tempdir().unwrap();
    let bin = probe.path().display();
    let sshd = Sshd::with_accounts(&format!("SetEnv PATH={bin}"), "admin ALL=(ALL) NOPASSWD: ALL");
    std::os::unix::fs::symlink("/bin/sh", probe.path().join("sh")).unwrap();
    for program in ["id", "head"] {
        std::os::unix::fs::symlink(format!("/usr/bin/{program}"), probe.path().join(program)).unwrap();
    }
    std::os::unix::fs::PermissionsExt::set_mode(&mut std::fs::metadata(probe.path()).unwrap().permissions(), 0o755);
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(probe.path(), open).unwrap();
    let (said, remedy) = refused(as_root(sshd.target_as("admin"), "id -u").await);
    assert!(said.contains("not found") && remedy.contains("install `sudo`"), "{said} {remedy}");
}

#[tokio::test]
async fn what_sudo_started_is_ended_when_it_takes_too_long() {
    for rules in ["", "Defaults use_pty\n"] {
        let sshd = Sshd::with_accounts("", &format!("{rules}ALL ALL=(ALL) NOPASSWD: ALL"));
        let slow = format!("sleep 4711.{}; :", sshd.port);
        let slow = Script { become_root: true, timeout: std::time::Duration::from_secs(1), ..script(&slow) };
        let session = connect(sshd.target_as("admin")).await.unwrap();
        let error = session.run(&slow, &|_| ()).await.unwrap_err();
        assert!(matches!(error, RunError::TimedOut(..)), "{error}");
        let left = script(&format!("grep -lzxF 4711.{} /proc/[0-9]*/cmdline", sshd.port));
        assert_eq!(session.run(&left, &|_| ()).await.unwrap().stdout.text, "", "{rules}");
    }
}

fn knowing(sshd: &Sshd, password: &str) -> Target {
    let mut target = sshd.target_as("admin");
    target.sudo_password = Some(Arc::new(Secret::new(password.to_owned())));
    target
}

#[tokio::test]
async fn sudo_is_given_its_password_when_it_asks_and_never_swallows_the_script() {
    // Where it asks, where it does not, where it has just asked, and where it has a terminal of its own.
    for rules in [
        "admin ALL=(ALL) ALL",
        "admin ALL=(ALL) NOPASSWD: ALL",
        "Defaults timestamp_type=global\nadmin ALL=(ALL) ALL",
        "Defaults use_pty\nadmin ALL=(ALL) ALL",
        "Defaults lecture=always\nadmin ALL=(ALL) ALL",
    ] {
        let sshd = Sshd::with_accounts("", rules);
        let session = connect(knowing(&sshd, PASSWORD)).await.unwrap();
        let root = Script { become_root: true, ..script("id -u; cat; echo \"$SUDO_USER\" >&2; ps -ef; exit 3") };
        for round in 1..=2 {
            let outcome = session.run(&root, &|_| ()).await.unwrap_or_else(|error| panic!("{rules} {round}: {error}"));
            assert!(outcome.stdout.text.starts_with("0\n"), "{rules}: {}", outcome.stdout.text);
            assert!(outcome.stderr.text.contains("admin\n"), "{rules}: {}", outcome.stderr.text);
            assert!(!outcome.stdout.text.contains(PASSWORD) && !outcome.stderr.text.contains(PASSWORD), "{rules}");
        }
        // Root by itself, and scripts that do not want root, are not held up.
        let plain = session.run(&script("id -un"), &|_| ()).await.unwrap();
        assert_eq!(plain.stdout.text, "admin\n");
        let mut target = knowing(&sshd, PASSWORD);
        "root".clone_into(&mut target.user);
        assert_eq!(as_root(target, "id -u").await.unwrap().stdout.text, "0\n");
    }
}

#[tokio::test]
async fn a_password_that_is_wrong_is_tried_once() {
    let sshd = Sshd::with_accounts("", "admin ALL=(ALL) ALL");
    let start = std::time::Instant::now();
    match as_root(knowing(&sshd, "wrong"), "id -u").await {
        Err(RunError::Privilege { what, remedy, .. }) => {
            assert_eq!(what, "sudo does not take the password of admin");
            assert!(remedy.contains("it was tried once"), "{remedy}");
        }
        other => panic!("{other:?}"),
    }
    assert!(start.elapsed() < Duration::from_secs(20));
    // Who may not use sudo at all is told that, and not that the password is wrong.
    let sshd = Sshd::with_accounts("", "");
    match as_root(knowing(&sshd, PASSWORD), "id -u").await {
        Err(RunError::Privilege { said, .. }) => assert!(said.contains("not in the sudoers file"), "{said}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_started_with_a_password_is_ended_when_it_takes_too_long() {
    let sshd = Sshd::with_accounts("", "admin ALL=(ALL) ALL");
    let session = connect(knowing(&sshd, PASSWORD)).await.unwrap();
    let slow = Script { become_root: true, timeout: Duration::from_secs(4), ..script("echo begun; sleep 7654") };
    match session.run(&slow, &|_| ()).await {
        Err(RunError::TimedOut(_, outcome)) => assert_eq!(outcome.stdout.text, "begun\n"),
        other => panic!("{other:?}"),
    }
    let left = session.run(&script("pgrep -fx 'sleep 7654' || echo none"), &|_| ()).await.unwrap();
    assert_eq!(left.stdout.text, "none\n");
}
