//! Where connections begin, and which keys a host may show.

use bricklayer::transport::{ConnectError, Family, Source, Target};

use crate::bed::{Sshd, connect, keygen, run};

#[tokio::test]
async fn a_connection_begins_where_it_should() {
    let sshd = Sshd::start("");
    let from = |address: Option<&str>, family| {
        let from = Source { address: address.map(str::to_owned), family };
        Target { from, ..sshd.target() }
    };
    let session = connect(from(Some("127.0.0.9"), Family::Inet)).await.unwrap();
    let said = run(&*session, "echo $SSH_CONNECTION").await.unwrap().stdout.text;
    assert!(said.starts_with("127.0.0.9 "), "{said}");
    for (address, family, why) in [
        (Some("::1"), Family::Any, "`BindAddress ::1` is of another address family"),
        (Some("192.0.2.1"), Family::Any, "`BindAddress 192.0.2.1` "),
        (None, Family::Inet6, "the name has no address"),
    ] {
        let error = connect(from(address, family)).await.err().unwrap();
        assert!(matches!(&error, ConnectError::Unreachable { cause, .. } if cause.contains(why)), "{error}");
    }
}

#[tokio::test]
async fn the_host_key_that_is_asked_for_is_shown() {
    let sshd = Sshd::start("# ecdsa");
    let mut target = sshd.target();
    target.algorithms.host_keys = Some("rsa-sha2-512,ecdsa-sha2-nistp256".to_owned());
    connect(target.clone()).await.unwrap();
    let written = std::fs::read_to_string(sshd.path("known_hosts")).unwrap();
    assert!(written.contains(&sshd.host_key("ecdsa")) && written.lines().count() == 1, "{written}");
    target.algorithms.host_keys = Some("-ecdsa*".to_owned());
    let error = connect(target).await.err().unwrap();
    assert!(matches!(error, ConnectError::HostKeyChanged { .. }), "{error}");
}

#[tokio::test]
async fn a_key_that_is_revoked_is_believed_of_nobody() {
    let sshd = Sshd::start("");
    keygen(&sshd.path("other"), &["-t", "ed25519"]);
    let keys = ["other.pub", "host_ed25519.pub"].map(|key| std::fs::read_to_string(sshd.path(key)).unwrap());
    let revoked = sshd.path("revoked");
    std::fs::write(&revoked, &keys[0]).unwrap();
    let target = Target { revoked: Some(revoked.clone()), ..sshd.target() };
    connect(target.clone()).await.unwrap();
    std::fs::write(&revoked, keys.concat()).unwrap();
    let error = connect(target.clone()).await.err().unwrap();
    assert!(
        error.to_string().contains("is revoked by ") && error.to_string().contains("revoked:2: SHA256:"),
        "{error}"
    );
    std::fs::remove_file(&revoked).unwrap();
    let error = connect(target).await.err().unwrap();
    assert!(error.to_string().contains("no host key is believed without"), "{error}");
}
