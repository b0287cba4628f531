//! Becoming root.

use bricklayer::transport::{Become, Outcome, RunError, Script, Target};

use crate::bed::{Sshd, connect, script};

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
