//! In, a script, out.

use bricklayer::transport::{ConnectError, Exit, HostKeyChecking};

use crate::bed::{Sshd, connect, run};

#[tokio::test]
async fn a_script_runs() {
    let sshd = Sshd::start("");
    let session = sshd.connect().await;
    let outcome = run(&*session, "echo out; echo err >&2; cat; exit 3").await.unwrap();
    assert_eq!((outcome.stdout.text.as_str(), outcome.stderr.text.as_str()), ("out\n", "err\n"));
    assert_eq!(outcome.exit, Exit::Code(3));
    session.close().await;
}

#[tokio::test]
async fn a_new_key_is_written_once_and_then_known() {
    let sshd = Sshd::start("");
    connect(sshd.target()).await.unwrap();
    connect(sshd.target()).await.unwrap();
    let written = std::fs::read_to_string(sshd.path("known_hosts")).unwrap();
    assert_eq!(written, format!("[127.0.0.1]:{} {}\n", sshd.port, sshd.host_key("ed25519")));
    let mut target = sshd.target();
    target.host_key_checking = HostKeyChecking::Strict;
    connect(target).await.unwrap();
}

#[tokio::test]
async fn strict_refuses_what_is_not_known() {
    let sshd = Sshd::start("");
    let mut target = sshd.target();
    target.host_key_checking = HostKeyChecking::Strict;
    let error = connect(target).await.err().unwrap();
    assert!(matches!(error, ConnectError::HostKeyUnknown { .. }), "{error}");
    assert!(!sshd.path("known_hosts").exists());
}
