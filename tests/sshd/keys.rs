//! User keys, agents, host keys.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use bricklayer::model::{NodeName, Secret};
use bricklayer::transport::{
    ConnectError, HostKeyChecking, Limits, RunError, RusshTransport, Script, Target, Transport as _,
};

use crate::bed::{NODE, PASSWORD, Sshd, connect, given, keygen, run, script, sign};

/// An agent for one test, ended by its process number.
struct Agent {
    socket: PathBuf,
    child: Child,
}

impl Agent {
    fn start(folder: &Path, keys: &[&Path]) -> Self {
        let socket = folder.join("agent");
        let mut child =
            Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::piped()).spawn().unwrap();
        // It says where it listens once it does.
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("SSH_AUTH_SOCK"), "{line}");
        for key in keys {
            let added = Command::new("ssh-add").arg("-q").arg(key).env("SSH_AUTH_SOCK", &socket).output().unwrap();
            assert!(added.status.success(), "{added:?}");
        }
        Self { socket, child }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const KINDS: [&[&str]; 6] = [
    &["-t", "ed25519"],
    &["-t", "ecdsa"],
    &["-t", "ecdsa", "-b", "521"],
    &["-t", "rsa", "-b", "2048"],
    &["-t", "rsa", "-b", "2048", "-m", "PEM"],
    &["-t", "ecdsa", "-m", "PKCS8"],
];

/// Lets all keys of these files in.
fn authorize(sshd: &Sshd, keys: &[PathBuf]) {
    let public = |key: &PathBuf| std::fs::read_to_string(key.with_extension("pub")).unwrap();
    std::fs::write(sshd.path("authorized_keys"), keys.iter().map(public).collect::<String>()).unwrap();
}

#[tokio::test]
async fn keys_of_every_kind_get_in_from_files_and_from_the_agent() {
    let sshd = Sshd::start("");
    let keys: Vec<_> = (0..KINDS.len()).map(|number| sshd.path(&format!("user{number}"))).collect();
    for (key, kind) in keys.iter().zip(KINDS) {
        keygen(key, kind);
    }
    for (key, kind) in keys.iter().zip(KINDS) {
        authorize(&sshd, std::slice::from_ref(key));
        let mut target = sshd.target();
        target.identity_files = vec![key.clone()];
        let session = connect(target.clone()).await.unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        assert_eq!(run(&*session, "echo in").await.unwrap().stdout.text, "in\n");

        let agent = Agent::start(sshd.folder.path(), &[key]);
        target.agent = Some(agent.socket.clone());
        // As OpenSSH takes it: the public half says which of the agent's keys.
        target.identity_files = vec![key.with_extension("pub")];
        connect(target).await.unwrap_or_else(|error| panic!("agent, {kind:?}: {error}"));
        drop(agent);
        std::fs::remove_file(sshd.path("agent")).unwrap();
    }
}

#[tokio::test]
async fn certificates_get_in_from_beside_the_key_from_where_they_are_named_and_from_the_agent() {
    let authority = tempfile::tempdir().unwrap();
    let ca = authority.path().join("ca");
    keygen(&ca, &["-t", "ed25519"]);
    let sshd = Sshd::start(&format!("TrustedUserCAKeys {}", ca.with_extension("pub").display()));
    std::fs::write(sshd.path("authorized_keys"), "").unwrap();
    for kind in [&["-t", "ed25519"][..], &["-t", "rsa", "-b", "2048"]] {
        let key = sshd.path(&format!("certified-{}", kind[1]));
        keygen(&key, kind);
        let mut target = sshd.target();
        target.identity_files = vec![key.clone()];
        assert!(matches!(connect(target.clone()).await, Err(ConnectError::Refused { .. })), "{kind:?}");
        let public = key.with_extension("pub");
        sign(&ca, &["-n", "somebody-else"], &public);
        assert!(matches!(connect(target.clone()).await, Err(ConnectError::Refused { .. })), "{kind:?}");
        sign(&ca, &["-n", "root"], &public);
        connect(target.clone()).await.unwrap_or_else(|error| panic!("beside, {kind:?}: {error}"));

        let agent = Agent::start(sshd.folder.path(), &[&key]);
        target.agent = Some(agent.socket.clone());
        target.identity_files = Vec::new();
        target.usual_keys = false;
        connect(target.clone()).await.unwrap_or_else(|error| panic!("agent, {kind:?}: {error}"));
        drop(agent);
        std::fs::remove_file(sshd.path("agent")).unwrap();

        let named = sshd.path("elsewhere");
        std::fs::rename(sshd.path(&format!("certified-{}-cert.pub", kind[1])), &named).unwrap();
        target.agent = None;
        target.identity_files = vec![key];
        target.certificate_files = vec![named];
        connect(target).await.unwrap_or_else(|error| panic!("named, {kind:?}: {error}"));
    }
}

#[tokio::test]
async fn a_passphrase_that_was_asked_for_opens_a_key_for_the_whole_fleet() {
    let sshd = Sshd::start("");
    let key = sshd.path("locked");
    // Not ecdsa in OpenSSH's own format: one of 512 of them is not read (see `key_files.rs`).
    for format in [&["-t", "ed25519"][..], &["-t", "ecdsa", "-m", "PKCS8"]] {
        let _ = std::fs::remove_file(&key);
        let made = Command::new("ssh-keygen").args(["-q", "-N", "secret", "-f"]).arg(&key).args(format).output();
        assert!(made.unwrap().status.success());
        authorize(&sshd, std::slice::from_ref(&key));
        let mut target = sshd.target();
        target.identity_files = vec![key.clone()];
        let transport = RusshTransport::new(vec![target.clone()], Limits::default());
        assert_eq!(transport.locked_keys().await.into_iter().collect::<Vec<_>>(), std::slice::from_ref(&key));
        assert!(!transport.unlock(&key, &Secret::new("wrong".to_owned())));
        assert!(transport.connect(&NodeName::new(NODE)).await.is_err());
        assert!(transport.unlock(&key, &Secret::new("secret".to_owned())));
        transport.connect(&NodeName::new(NODE)).await.unwrap();

        // The agent has it: nobody needs to be asked.
        let open = sshd.path("open");
        std::fs::copy(&key, &open).unwrap();
        let unlocked =
            Command::new("ssh-keygen").args(["-q", "-p", "-P", "secret", "-N", "", "-f"]).arg(&open).output();
        assert!(unlocked.unwrap().status.success());
        let agent = Agent::start(sshd.folder.path(), &[&open]);
        target.agent = Some(agent.socket.clone());
        assert!(RusshTransport::new(vec![target], Limits::default()).locked_keys().await.is_empty());
        drop(agent);
        std::fs::remove_file(sshd.path("agent")).unwrap();
        std::fs::remove_file(key.with_extension("pub")).unwrap();
    }
}

#[tokio::test]
async fn a_host_is_known_by_its_certificate() {
    let authority = tempfile::tempdir().unwrap();
    let ca = authority.path().join("ca");
    keygen(&ca, &["-t", "ed25519"]);
    let public = std::fs::read_to_string(ca.with_extension("pub")).unwrap();
    for (host, known, outcome) in [
        ("127.0.0.*", "@cert-authority *", "in"),
        ("127.0.0.1", "@cert-authority [127.0.0.1]:*", "in"),
        ("127.0.0.1", "@cert-authority other.example.org", "not known"),
        ("other.example.org", "@cert-authority *", "it is for `other.example.org`"),
        ("127.0.0.1", "@revoked *", "revoked"),
    ] {
        let sshd = Sshd::start(&format!("# certified {} {host}", ca.display()));
        let authorities = format!("{known} {public}@cert-authority * {public}");
        let lines = if known.starts_with("@revoked") { authorities } else { format!("{known} {public}") };
        std::fs::write(sshd.path("known_hosts"), lines).unwrap();
        let mut target = sshd.target();
        target.host_key_checking = HostKeyChecking::Strict;
        match connect(target).await {
            Ok(_) => assert_eq!(outcome, "in", "{known} {host}"),
            Err(error) => assert!(error.to_string().contains(outcome), "{known} {host}: {error}"),
        }
    }
}

#[tokio::test]
async fn a_host_certificate_that_has_expired_or_is_not_valid_yet_is_refused() {
    let authority = tempfile::tempdir().unwrap();
    let ca = authority.path().join("ca");
    keygen(&ca, &["-t", "ed25519"]);
    let public = std::fs::read_to_string(ca.with_extension("pub")).unwrap();
    for what in ["127.0.0.1 -V 20200101:20210101", "127.0.0.1 -V +52w:+104w"] {
        let sshd = Sshd::start(&format!("# certified {} {what}", ca.display()));
        std::fs::write(sshd.path("known_hosts"), format!("@cert-authority * {public}")).unwrap();
        let error = connect(sshd.target()).await.err().unwrap().to_string();
        assert!(error.contains("it has expired, is not valid yet"), "{what}: {error}");
    }
}

#[tokio::test]
async fn rsa_is_signed_as_the_server_says() {
    for algorithm in ["rsa-sha2-512", "rsa-sha2-256"] {
        let sshd = Sshd::start(&format!("PubkeyAcceptedAlgorithms {algorithm}"));
        let key = sshd.path("user");
        keygen(&key, &["-t", "rsa", "-b", "2048"]);
        authorize(&sshd, std::slice::from_ref(&key));
        let mut target = sshd.target();
        target.identity_files = vec![key];
        connect(target).await.unwrap_or_else(|error| panic!("{algorithm}: {error}"));
    }
}

#[tokio::test]
async fn the_agent_is_asked_for_what_is_locked_and_its_absence_is_said() {
    let sshd = Sshd::start("");
    let key = sshd.path("locked");
    keygen(&key, &["-t", "ed25519"]);
    authorize(&sshd, std::slice::from_ref(&key));
    let agent = Agent::start(sshd.folder.path(), &[&key]);
    for format in [&["-m", "RFC4716"][..], &["-m", "PEM"]] {
        let locked = Command::new("ssh-keygen")
            .args(["-q", "-p", "-P", "", "-N", "secret", "-f"])
            .arg(&key)
            .args(format)
            .output();
        assert!(locked.unwrap().status.success());
        let mut target = sshd.target();
        target.identity_files = vec![key.clone()];
        let error = connect(target.clone()).await.err().unwrap();
        let remedy = format!("`ssh-add {}`", key.display());
        assert!(matches!(&error, ConnectError::Local(why) if why.contains(&remedy)), "{error}");
        target.agent = Some(agent.socket.clone());
        connect(target).await.unwrap();
        let open = Command::new("ssh-keygen").args(["-q", "-p", "-P", "secret", "-N", "", "-f"]).arg(&key).output();
        assert!(open.unwrap().status.success());
    }
    let mut target = sshd.target();
    target.identity_files = Vec::new();
    target.agent = Some("/nonexistent/agent".into());
    let error = connect(target).await.err().unwrap();
    assert!(error.to_string().contains("`/nonexistent/agent`"), "{error}");
}

#[tokio::test]
async fn a_full_agent_does_not_get_us_thrown_out() {
    let sshd = Sshd::start("");
    let wrong: Vec<_> = (0..8).map(|number| sshd.path(&format!("wrong{number}"))).collect();
    for key in &wrong {
        keygen(key, &["-t", "ed25519"]);
    }
    let right = sshd.path("key");
    let mut all: Vec<_> = wrong.iter().map(PathBuf::as_path).collect();
    all.push(&right);
    let agent = Agent::start(sshd.folder.path(), &all);
    let mut target = sshd.target();
    target.agent = Some(agent.socket.clone());
    // The right key is the agent's ninth.
    target.identity_files = vec![wrong[0].clone()];
    let error = connect(target.clone()).await.err().unwrap();
    let ConnectError::Refused { tried, allowed, .. } = error else { panic!("{error}") };
    assert!(tried.contains("kept back") && allowed.contains("publickey"), "{tried} / {allowed}");
    target.identity_files = vec![right];
    connect(target).await.unwrap();
}

#[tokio::test]
async fn the_known_type_of_host_key_is_asked_for() {
    let sshd = Sshd::start("# rsa # ecdsa");
    let mut target = sshd.target();
    target.host_key_checking = HostKeyChecking::Strict;
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let line = format!("[127.0.0.1]:{} {}\n", sshd.port, sshd.host_key(kind));
        std::fs::write(sshd.path("known_hosts"), &line).unwrap();
        connect(target.clone()).await.unwrap_or_else(|error| panic!("{kind}: {error}"));
        let hashed = Command::new("ssh-keygen").arg("-H").arg("-f").arg(sshd.path("known_hosts")).output().unwrap();
        assert!(hashed.status.success(), "{hashed:?}");
        assert!(std::fs::read_to_string(sshd.path("known_hosts")).unwrap().starts_with("|1|"));
        connect(target.clone()).await.unwrap_or_else(|error| panic!("{kind}, hashed: {error}"));
    }
}

#[tokio::test]
async fn what_ssh_keyscan_finds_is_known_and_what_we_write_ssh_knows() {
    let sshd = Sshd::start("# ecdsa");
    let port = sshd.port.to_string();
    let found = Command::new("ssh-keyscan").args(["-p", &port, "127.0.0.1"]).output().unwrap();
    std::fs::write(sshd.path("known_hosts"), &found.stdout).unwrap();
    let mut target = sshd.target();
    target.host_key_checking = HostKeyChecking::Strict;
    connect(target).await.unwrap();

    std::fs::remove_file(sshd.path("known_hosts")).unwrap();
    connect(sshd.target()).await.unwrap();
    let ssh = Command::new("ssh")
        .args(["-F", "none", "-p", &port, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-i"])
        .arg(sshd.path("key"))
        .arg("-o")
        .arg(format!("UserKnownHostsFile={}", sshd.path("known_hosts").display()))
        .args(["root@127.0.0.1", "echo in"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&ssh.stdout), "in\n", "{ssh:?}");
}

#[tokio::test]
async fn a_changed_key_is_refused_with_a_remedy_that_works() {
    let sshd = Sshd::start("");
    let mut target = sshd.target();
    let line = format!("[127.0.0.1]:{} {}\n", sshd.port, std::fs::read_to_string(sshd.path("key.pub")).unwrap());
    std::fs::write(sshd.path("known_hosts"), line).unwrap();
    target.host_key_checking = HostKeyChecking::AcceptNew;
    let error = connect(target.clone()).await.err().unwrap();
    let ConnectError::HostKeyChanged { remedy, .. } = error else { panic!("{error}") };
    assert!(Command::new("sh").arg("-c").arg(remedy).output().unwrap().status.success());
    connect(target).await.unwrap();
}

fn with_password(sshd: &Sshd, password: &str) -> Target {
    let mut target = sshd.target_as("admin");
    target.identity_files = Vec::new();
    target.usual_keys = false;
    target.login_password = Some(given(password));
    target
}

#[tokio::test]
async fn a_password_gets_in_where_no_key_does() {
    for config in [
        "PasswordAuthentication yes\nKbdInteractiveAuthentication no",
        "PasswordAuthentication no\nKbdInteractiveAuthentication yes\nUsePAM yes",
    ] {
        let sshd = Sshd::with_accounts(config, "");
        connect(with_password(&sshd, PASSWORD)).await.unwrap_or_else(|error| panic!("{config}: {error}"));
        let error = connect(with_password(&sshd, "wrong")).await.err().unwrap();
        let ConnectError::Refused { tried, .. } = &error else { panic!("{config}: {error}") };
        assert!(tried.starts_with("the password") && !error.to_string().contains("wrong"), "{error}");
        // Many keys that do not fit leave it its try.
        let mut target = with_password(&sshd, PASSWORD);
        for number in 0..6 {
            let key = sshd.path(&format!("no{number}"));
            keygen(&key, &["-t", "ed25519"]);
            target.identity_files.push(key);
        }
        connect(target).await.unwrap_or_else(|error| panic!("{config}: {error}"));
    }
    let sshd = Sshd::with_accounts("PasswordAuthentication no\nKbdInteractiveAuthentication no", "");
    let error = connect(with_password(&sshd, PASSWORD)).await.err().unwrap().to_string();
    assert!(error.contains("the server takes no password, but publickey"), "{error}");
}

#[tokio::test]
async fn a_password_that_was_refused_is_sent_to_no_other_node_of_that_user() {
    for config in [
        "PasswordAuthentication yes\nKbdInteractiveAuthentication no",
        "PasswordAuthentication no\nKbdInteractiveAuthentication yes\nUsePAM yes",
    ] {
        let sshd = Sshd::with_accounts(config, "");
        let names: Vec<_> = (0..6).map(|number| NodeName::new(&format!("node{number}"))).collect();
        for (word, refused, withheld) in [("wrong", 1, 5), (PASSWORD, 0, 0)] {
            let password = given(word);
            let targets = names.iter().map(|name| Target {
                name: name.clone(),
                login_password: Some(Arc::clone(&password)),
                ..with_password(&sshd, word)
            });
            let transport = RusshTransport::new(targets.collect(), Limits::default());
            let all = futures::future::join_all(names.iter().map(|name| transport.connect(name))).await;
            let said: Vec<_> = all.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect();
            let count = |what: &str| said.iter().filter(|said| said.contains(what)).count();
            assert_eq!(count("refused us: tried the password"), refused, "{config}: {said:?}");
            assert_eq!(count("and not sent to others"), withheld, "{config}: {said:?}");
            assert_eq!(said.len(), refused + withheld, "{said:?}");
        }
    }
}

#[tokio::test]
async fn no_password_goes_to_a_server_whose_key_has_changed() {
    let sshd = Sshd::with_accounts("PasswordAuthentication yes", "admin ALL=(ALL) ALL");
    let other = sshd.path("other");
    keygen(&other, &["-t", "ed25519"]);
    let public = std::fs::read_to_string(other.with_extension("pub")).unwrap();
    std::fs::write(sshd.path("known_hosts"), format!("[127.0.0.1]:{} {public}", sshd.port)).unwrap();
    let mut target = with_password(&sshd, PASSWORD);
    target.host_key_checking = HostKeyChecking::Off;
    let error = connect(target).await.err().unwrap().to_string();
    assert!(error.contains("no password is sent: its host key has changed"), "{error}");
    // Nor sudo's, where a key lets us in.
    let mut target = sshd.target_as("admin");
    target.host_key_checking = HostKeyChecking::Off;
    target.sudo_password = Some(given(PASSWORD));
    let session = connect(target).await.unwrap();
    let root = Script { become_root: true, ..script("id -u") };
    assert!(matches!(session.run(&root, &|_| ()).await, Err(RunError::Privilege { .. })));
}
