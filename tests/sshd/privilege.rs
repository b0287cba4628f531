//! Becoming root.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bricklayer::model::NodeName;
use bricklayer::transport::{Become, Exit, Limits, Outcome, RunError, RusshTransport, Script, Target, Transport as _};

use crate::bed::{PASSWORD, Sshd, connect, given, script};

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
    ] {
        let sshd = Sshd::with_accounts("", rules);
        let refusal = refused(as_root(sshd.target_as("admin"), "id -u").await);
        assert!(refusal.0.contains(said) && refusal.1.contains(remedy), "{rules}: {refusal:?}");
        // Without wanting root it works.
        let session = connect(sshd.target_as("admin")).await.unwrap();
        assert_eq!(session.run(&script("id -un"), &|_| ()).await.unwrap().stdout.text, "admin\n");
    }
}

/// A folder with these programs alone, as the `PATH` of a node.
fn path(programs: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for program in programs {
        let at = ["/bin", "/usr/bin"].map(|folder| Path::new(folder).join(program));
        let at = at.iter().find(|at| at.exists()).unwrap_or_else(|| panic!("`{program}` is needed"));
        std::os::unix::fs::symlink(at, folder.path().join(program)).unwrap();
    }
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    folder
}

#[tokio::test]
async fn a_node_without_sudo_says_so() {
    let bin = path(&["sh", "id", "head"]);
    let sshd = Sshd::with_accounts(&format!("SetEnv PATH={}", bin.path().display()), "admin ALL=(ALL) NOPASSWD: ALL");
    let (said, remedy) = refused(as_root(sshd.target_as("admin"), "id -u").await);
    assert!(said.contains("not found") && remedy.contains("install `sudo`"), "{said} {remedy}");
}

#[tokio::test]
async fn doas_is_used_where_there_is_no_sudo() {
    let bin = path(&["sh", "id", "head", "doas", "cat"]);
    let config = format!("SetEnv PATH={}", bin.path().display());
    let sshd = Sshd::with_rules(&config, "", "permit nopass :4200\npermit nopass fisher\npermit nopass admin as root");
    for user in ["admin", "fisher"] {
        for password in [None, Some("not asked for")] {
            let mut target = sshd.target_as(user);
            target.sudo_password = password.map(given);
            let text = "id -u; cat; echo \"$DOAS_USER\" >&2; command -v sysctl; exit 3";
            let outcome = as_root(target, text).await.unwrap();
            assert!(
                outcome.stdout.text.starts_with("0\n") && outcome.stdout.text.contains("sbin/sysctl"),
                "{outcome:?}"
            );
            assert_eq!((outcome.stderr.text, outcome.exit), (format!("{user}\n"), Exit::Code(3)));
        }
    }
    assert_eq!(as_root(sshd.target(), "id -u; echo \"${DOAS_USER-none}\"").await.unwrap().stdout.text, "0\nnone\n");
    let mut target = sshd.target_as("admin");
    target.become_root = Become::Sudo;
    assert!(refused(as_root(target, "id -u").await).0.contains("not found"));
}

#[tokio::test]
async fn doas_that_refuses_is_reported_with_its_words_and_a_remedy_that_works() {
    let bin = path(&["sh", "id", "head", "doas"]);
    let config = format!("SetEnv PATH={}", bin.path().display());
    for (rules, says) in [
        ("permit admin", "doas: Authentication required"),
        ("permit persist admin", "doas: Authentication required"),
        ("permit nopass fisher", "doas: Operation not permitted"),
    ] {
        let sshd = Sshd::with_rules(&config, "", rules);
        let (said, remedy) = refused(as_root(sshd.target_as("admin"), "id -u").await);
        assert_eq!(said, says, "{rules}");
        assert!(remedy.contains("`echo 'permit nopass admin as root' >>/etc/doas.conf`"), "{remedy}");
        let sshd = Sshd::with_rules(&config, "", &format!("{rules}\npermit nopass admin as root"));
        assert_eq!(as_root(sshd.target_as("admin"), "id -u").await.unwrap().stdout.text, "0\n");
    }
}

#[tokio::test]
async fn sudo_that_wants_a_terminal_gets_one_and_the_streams_stay_apart() {
    let text = format!(
        "id -u; cat; echo \"$SUDO_USER\" >&2; printf 'a\\tb\\003\\004\\r\\377'; [ -t 0 ] || [ -t 1 ] || [ -t 2 ] || echo no\n\
         x='{}'; echo ${{#x}} >&2; exit 3",
        "a\u{1}\u{3}\u{4}\n".repeat(1 << 16)
    );
    for (rules, password) in [
        ("ALL ALL=(ALL) NOPASSWD: ALL", None),
        ("Defaults use_pty\nALL ALL=(ALL) NOPASSWD: ALL", None),
        ("ALL ALL=(ALL) NOPASSWD: ALL", Some(PASSWORD)),
        ("ALL ALL=(ALL) ALL", Some(PASSWORD)),
        ("Defaults use_pty\nALL ALL=(ALL) ALL", Some(PASSWORD)),
    ] {
        // Its words are understood whatever language is spoken there.
        let german = "SetEnv LC_ALL=C.UTF-8 LANGUAGE=de";
        let sshd = Sshd::with_accounts(german, &format!("Defaults requiretty\n{rules}"));
        let users = ["admin", "fisher", "seasheller"];
        for user in if password.is_none() { &users[..] } else { &users[..1] } {
            let mut target = sshd.target_as(user);
            target.sudo_password = password.map(given);
            let session = connect(target).await.unwrap();
            let root = Script { become_root: true, ..script(&text) };
            // The second one knows.
            for round in 1..=2 {
                let outcome =
                    session.run(&root, &|_| ()).await.unwrap_or_else(|e| panic!("{rules} {user} {round}: {e}"));
                assert_eq!(outcome.stdout.text, "0\na\tb\u{3}\u{4}\r\u{fffd}no\n", "{rules} {user} {round}");
                assert_eq!((outcome.stderr.text, outcome.exit), (format!("{user}\n327680\n"), Exit::Code(3)));
            }
        }
    }
}

#[tokio::test]
async fn scripts_side_by_side_all_get_a_terminal_and_what_takes_too_long_is_ended_there() {
    for rules in ["", "Defaults use_pty\n"] {
        let sshd = Sshd::with_accounts("", &format!("Defaults requiretty\n{rules}admin ALL=(ALL) NOPASSWD: ALL"));
        let session = connect(sshd.target_as("admin")).await.unwrap();
        let root = Script { become_root: true, ..script("id -u") };
        let all = futures::future::join_all((0..4).map(|_| session.run(&root, &|_| ()))).await;
        assert!(all.iter().all(|one| one.as_ref().is_ok_and(|one| one.stdout.text == "0\n")), "{all:?}");
        let slow = format!("echo begun; sleep 4712.{}; :", sshd.port);
        let slow = Script { become_root: true, timeout: Duration::from_secs(2), ..script(&slow) };
        match session.run(&slow, &|_| ()).await {
            Err(RunError::TimedOut(_, outcome)) => assert_eq!(outcome.stdout.text, "begun\n"),
            other => panic!("{other:?}"),
        }
        let left = script(&format!("grep -lzxF 4712.{} /proc/[0-9]*/cmdline", sshd.port));
        assert_eq!(session.run(&left, &|_| ()).await.unwrap().stdout.text, "", "{rules}");
        let held = Script { become_root: true, ..script("echo \"held by $(id -u)\"; while read -r _; do :; done") };
        let (first, lock) =
            connect(sshd.target_as("admin")).await.unwrap().hold(&held, Duration::from_secs(1)).await.unwrap();
        assert_eq!(first, "held by 0");
        lock.release().await;
    }
}

#[tokio::test]
async fn where_no_terminal_can_be_made_the_line_for_sudoers_is_said_and_works() {
    let bin = path(&["sh", "id", "head", "sudo"]);
    let config = format!("SetEnv PATH={}", bin.path().display());
    let rules = "Defaults requiretty\nadmin ALL=(ALL) NOPASSWD: ALL";
    let sshd = Sshd::with_accounts(&config, rules);
    let (said, remedy) = refused(as_root(sshd.target_as("admin"), "id -u").await);
    assert!(said.contains("must have a tty") && said.contains("no script command"), "{said}");
    let (_, line) = remedy.split_once("`echo '").unwrap();
    let (line, _) = line.split_once("' >>/etc/sudoers.d/bricklayer`").unwrap();
    let sshd = Sshd::with_accounts(&config, &format!("{rules}\n{line}"));
    assert_eq!(as_root(sshd.target_as("admin"), "id -u").await.unwrap().stdout.text, "0\n");
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
    target.sudo_password = Some(given(password));
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
async fn a_wrong_password_is_sent_to_one_node_and_those_that_ask_for_none_go_on() {
    let asking = Sshd::with_accounts("", "admin ALL=(ALL) ALL");
    let open = Sshd::with_accounts("", "admin ALL=(ALL) NOPASSWD: ALL");
    let wrong = given("wrong");
    let names: Vec<_> = (0..6).map(|number| NodeName::new(&format!("node{number}"))).collect();
    let targets = names.iter().enumerate().map(|(number, name)| {
        let mut target = if number < 4 { asking.target_as("admin") } else { open.target_as("admin") };
        target.name = name.clone();
        target.sudo_password = Some(Arc::clone(&wrong));
        target
    });
    let transport = RusshTransport::new(targets.collect(), Limits::default());
    let root = Script { become_root: true, ..script("id -u") };
    let all = futures::future::join_all(
        names.iter().map(|name| async { transport.connect(name).await.unwrap().run(&root, &|_| ()).await }),
    );
    let (asked, open) = {
        let mut all = all.await;
        let open = all.split_off(4);
        (all, open)
    };
    assert!(open.iter().all(|one| one.as_ref().is_ok_and(|one| one.stdout.text == "0\n")), "{open:?}");
    let said: Vec<_> = asked.into_iter().map(|one| one.unwrap_err().to_string()).collect();
    let tried: Vec<_> = said.iter().filter(|said| said.contains("does not take the password of admin")).collect();
    assert_eq!(tried.len(), 1, "{said:?}");
    assert_eq!(said.iter().filter(|said| said.contains("has refused: it was not sent again")).count(), 3, "{said:?}");
    // Nor again to the one that refused it.
    for name in &names[..4] {
        let again = transport.connect(name).await.unwrap().run(&root, &|_| ()).await.unwrap_err().to_string();
        assert!(again.contains("it was not sent again"), "{again}");
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
