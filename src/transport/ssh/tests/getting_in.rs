//! Host keys, credentials, servers that will not have us.

use std::sync::atomic::Ordering;

use russh::keys::key::safe_rng;
use russh::keys::ssh_key::LineEnding;
use russh::keys::{Algorithm, PrivateKey};

use super::server::{Bed, MINUTE, NODE, script};
use crate::model::NodeName;
use crate::transport::api::{ConnectError, Transport as _};
use crate::transport::target::HostKeyChecking;

fn bed() -> Bed {
    Bed::new(|running| async move {
        running.start().await;
        running.exit(0).await;
        running.close().await;
    })
}

/// Another ed25519 key than the server's, as `known_hosts` writes it.
fn another() -> String {
    PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).unwrap().public_key().to_openssh().unwrap()
}

#[tokio::test]
async fn a_changed_key_ends_it_before_any_credential_under_every_policy_but_off() {
    for policy in [HostKeyChecking::Strict, HostKeyChecking::AcceptNew, HostKeyChecking::Ask] {
        let bed = bed();
        std::fs::write(bed.known_hosts(), format!("# x\nserver1.test {}\n", another())).unwrap();
        let mut target = bed.target();
        target.host_key_checking = policy;
        let error = bed.connect(target).await.err().unwrap();
        let ConnectError::HostKeyChanged { host, line, remedy, .. } = error else { panic!("{error}") };
        assert_eq!((host.as_str(), line), ("server1.test", 2));
        assert_eq!(remedy, format!("ssh-keygen -f {} -R server1.test", bed.known_hosts().display()));
        assert_eq!(bed.saw(), Vec::<String>::new(), "no authentication was asked for");
        assert_eq!(bed.dials.load(Ordering::Relaxed), 1, "it was not tried again");
    }
}

#[tokio::test]
async fn with_checking_off_any_key_will_do_and_none_is_written_but_revoked_ones_are_refused() {
    let bed = bed();
    let before = format!("server1.test {}\n", another());
    std::fs::write(bed.known_hosts(), &before).unwrap();
    let mut target = bed.target();
    target.host_key_checking = HostKeyChecking::Off;
    bed.connect(target.clone()).await.unwrap();
    assert_eq!(std::fs::read_to_string(bed.known_hosts()).unwrap(), before);

    std::fs::write(bed.known_hosts(), format!("@revoked * {}\n", bed.host_key())).unwrap();
    let error = bed.connect(target).await.err().unwrap();
    assert!(matches!(&error, ConnectError::HostKeyRevoked { place, .. } if place.ends_with(":1")), "{error}");
}

#[tokio::test]
async fn a_known_address_does_not_hide_a_changed_name() {
    let bed = bed();
    let lines = format!("10.0.0.1 {}\nserver1.test {}\n", bed.host_key(), another());
    std::fs::write(bed.known_hosts(), lines).unwrap();
    let mut target = bed.target();
    target.host_key_names = vec!["10.0.0.1".into(), "server1.test".into()];
    let error = bed.connect(target).await.err().unwrap();
    assert!(matches!(&error, ConnectError::HostKeyChanged { host, .. } if host == "server1.test"), "{error}");
}

#[tokio::test]
async fn unknown_keys_are_shown_accepted_and_then_known() {
    let bed = bed();
    let mut target = bed.target();
    target.host_key_checking = HostKeyChecking::Ask;
    let transport = bed.transport(target.clone());
    let refused = transport.connect(&NodeName::new(NODE)).await.err().unwrap();
    assert!(matches!(refused, ConnectError::HostKeyUnknown { .. }), "{refused}");

    let unknown = transport.unknown_host_keys().await.unwrap();
    let [shown] = unknown.as_slice() else { panic!("{unknown:?}") };
    assert_eq!((shown.host.as_str(), shown.key_type.as_str()), ("server1.test", "ssh-ed25519"));
    assert!(shown.fingerprint.starts_with("SHA256:"), "{}", shown.fingerprint);
    assert_eq!(bed.saw(), Vec::<String>::new(), "looking does not log in");
    assert!(!bed.known_hosts().exists());

    transport.accept(&unknown).unwrap();
    let written = std::fs::read_to_string(bed.known_hosts()).unwrap();
    assert_eq!(written, format!("server1.test {}\n", bed.host_key()));
    transport.connect(&NodeName::new(NODE)).await.unwrap();

    // Known hosts are not connected to for looking.
    let dials = bed.dials.load(Ordering::Relaxed);
    assert!(transport.unknown_host_keys().await.unwrap().is_empty());
    assert_eq!(bed.dials.load(Ordering::Relaxed), dials);
}

#[tokio::test]
async fn a_refusal_names_what_was_tried_and_what_would_do() {
    let bed = bed();
    bed.authorized.lock().unwrap().clear();
    let error = bed.connect(bed.target()).await.err().unwrap();
    let ConnectError::Refused { user, address, tried, allowed } = error else { panic!("{error}") };
    assert_eq!((user.as_str(), address.as_str()), ("admin", "server1.test:22"));
    assert_eq!(tried, format!("`{}`", bed.folder.path().join("key").display()));
    assert!(allowed.contains("publickey") && allowed.contains("password"), "{allowed}");
    assert_eq!(bed.dials.load(Ordering::Relaxed), 1, "it was not tried again");
}

#[tokio::test]
async fn five_keys_are_offered_and_no_more() {
    let bed = bed();
    let mut target = bed.target();
    for number in 0..8 {
        let path = bed.folder.path().join(format!("wrong{number}"));
        let key = PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).unwrap();
        key.write_openssh_file(&path, LineEnding::LF).unwrap();
        target.identity_files.insert(number, path);
    }
    let error = bed.connect(target.clone()).await.err().unwrap();
    assert!(matches!(&error, ConnectError::Refused { tried, .. } if tried.contains("kept back")), "{error}");
    assert_eq!(bed.saw().len(), 5);
    // The right one among the first five is found.
    target.identity_files.swap(4, 8);
    bed.connect(target).await.unwrap();
}

#[tokio::test]
async fn no_key_at_all_is_our_own_fault() {
    let bed = bed();
    let mut target = bed.target();
    target.identity_files = vec!["/nonexistent/key".into()];
    let error = bed.connect(target).await.err().unwrap();
    assert!(matches!(&error, ConnectError::Local(why) if why.contains("`/nonexistent/key` does not exist")), "{error}");
    assert_eq!(bed.saw(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_busy_server_is_tried_again() {
    let bed = bed();
    bed.busy.store(3, Ordering::Relaxed);
    bed.session().await.run(&script("x", MINUTE), &|_| ()).await.unwrap();
    assert_eq!(bed.dials.load(Ordering::Relaxed), 4);

    bed.busy.store(100, Ordering::Relaxed);
    let error = bed.connect(bed.target()).await.err().unwrap();
    assert!(matches!(&error, ConnectError::Handshake { cause, .. } if cause.contains("MaxStartups")), "{error}");
    assert_eq!(bed.dials.load(Ordering::Relaxed), 4 + 6);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_given_up() {
    let bed = Bed { mute: true, ..bed() };
    let since = tokio::time::Instant::now();
    let error = bed.connect(bed.target()).await.err().unwrap();
    assert!(matches!(&error, ConnectError::Handshake { cause, .. } if cause.contains("20s")), "{error}");
    assert_eq!(since.elapsed().as_secs(), 20);
}
