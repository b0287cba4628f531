//! Through jump hosts, and by a command.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bricklayer::model::NodeName;
use bricklayer::transport::{ConnectError, Dial, Limits, Pipe, RusshTransport, Target, Transport as _, Via};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::net::TcpStream;

use crate::bed::{Sshd, connect, script};

/// TCP, counted.
#[derive(Clone, Default)]
struct Dials(Arc<AtomicUsize>);

impl Dial for Dials {
    fn dial<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, io::Result<Pipe>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        async move { Ok(Box::new(TcpStream::connect((target.host.as_str(), target.port)).await?) as Pipe) }.boxed()
    }
}

fn by(target: Target, hop: &Arc<Target>) -> Target {
    Target { via: Via::Jump(Arc::clone(hop)), ..target }
}

fn hop(sshd: &Sshd, name: &str) -> Target {
    Target { name: NodeName::new(name), ..sshd.target() }
}

#[tokio::test]
async fn two_nodes_behind_two_jump_hosts_share_one_connection_to_each() {
    let [one, two, a, b] = ["", "", "", ""].map(Sshd::start);
    let first = Arc::new(hop(&one, "one"));
    let second = Arc::new(by(hop(&two, "two"), &first));
    let targets =
        [(&a, "a"), (&b, "b")].map(|(sshd, name)| by(Target { name: NodeName::new(name), ..sshd.target() }, &second));
    let dials = Dials::default();
    let transport = RusshTransport::with_dial(targets.to_vec(), Limits::default(), Arc::new(dials.clone()));
    let [a_name, b_name] = ["a", "b"].map(NodeName::new);
    let (a_session, b_session) = tokio::join!(transport.connect(&a_name), transport.connect(&b_name));
    let (a_session, b_session) = (a_session.unwrap(), b_session.unwrap());
    let asked = script("echo $SSH_CONNECTION");
    for (session, sshd) in [(&a_session, &a), (&b_session, &b)] {
        let said = session.run(&asked, &|_| ()).await.unwrap().stdout.text;
        assert!(said.trim().ends_with(&sshd.port.to_string()), "{said}");
    }
    let logins = |sshd: &Sshd| {
        let shown = std::fs::read_to_string(sshd.path("known_hosts")).unwrap_or_default();
        shown.lines().count()
    };
    // Each was checked under its own name and port.
    assert!([&one, &two, &a, &b].map(logins).iter().all(|count| *count == 1));
    assert_eq!(dials.0.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn more_nodes_than_places_in_the_ramp_pass_one_jump_host() {
    let [bastion, node] = ["MaxSessions 1", ""].map(Sshd::start);
    let way = Arc::new(hop(&bastion, "bastion"));
    let names: Vec<_> = (0..12).map(|i| NodeName::new(&format!("node{i}"))).collect();
    let targets = names.iter().map(|name| by(Target { name: name.clone(), ..node.target() }, &way)).collect();
    let dials = Dials::default();
    let limits = Limits { ramp: 2, forks: 4, ..Limits::default() };
    let transport = RusshTransport::with_dial(targets, limits, Arc::new(dials.clone()));
    let opened = futures::future::join_all(names.iter().map(|name| transport.connect(name))).await;
    assert!(opened.iter().all(Result::is_ok));
    assert_eq!(dials.0.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn six_nodes_pass_a_jump_host_of_two_sessions() {
    let [bastion, node] = ["MaxSessions 2", "MaxSessions 2"].map(Sshd::start);
    let way = Arc::new(hop(&bastion, "bastion"));
    let names: Vec<_> = (0..6).map(|i| NodeName::new(&format!("node{i}"))).collect();
    let targets = names.iter().map(|name| by(Target { name: name.clone(), ..node.target() }, &way)).collect();
    let dials = Dials::default();
    let transport = RusshTransport::with_dial(targets, Limits::default(), Arc::new(dials.clone()));
    let all = futures::future::join_all(names.iter().map(|name| transport.connect(name))).await;
    let run = |text: &'static str| script(text);
    for session in &all {
        let session = session.as_ref().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(session.run(&run("echo in"), &|_| ()).await.unwrap().stdout.text, "in\n");
    }
    // sshd counts sessions, and none is needed to pass through.
    assert_eq!(dials.0.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn jump_hosts_that_differ_in_keys_or_in_known_hosts_share_nothing() {
    let [bastion, node] = ["", ""].map(Sshd::start);
    let way = hop(&bastion, "bastion");
    let other = bastion.path("other");
    std::fs::copy(bastion.path("key"), &other).unwrap();
    std::fs::write(bastion.path("strangers"), format!("[127.0.0.1]:{} {}\n", bastion.port, node.host_key("ed25519")))
        .unwrap();
    let ways = [
        way.clone(),
        Target { identity_files: vec![other], ..way.clone() },
        Target { identity_files: vec![bastion.path("no-such-key")], ..way.clone() },
        Target { known_hosts: vec![bastion.path("strangers")], ..way.clone() },
        Target { name: NodeName::new("another-name"), ..way },
    ];
    let target = |(number, way): (usize, Target)| {
        by(Target { name: NodeName::new(&format!("node{number}")), ..node.target() }, &Arc::new(way))
    };
    let dials = Dials::default();
    let targets = ways.into_iter().enumerate().map(target).collect();
    let transport = RusshTransport::with_dial(targets, Limits::default(), Arc::new(dials.clone()));
    let names: Vec<_> = (0..5).map(|number| NodeName::new(&format!("node{number}"))).collect();
    let mut all = Vec::new();
    for name in &names {
        all.push(transport.connect(name).await);
    }
    assert!(all[0].is_ok() && all[1].is_ok() && all[4].is_ok());
    assert!(matches!(all[2], Err(ConnectError::Local(_))), "by somebody else's key");
    assert!(matches!(all[3], Err(ConnectError::HostKeyChanged { .. })), "by what somebody else knows");
    assert_eq!(dials.0.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn a_jump_host_that_does_not_let_through_is_named() {
    let [bastion, node] = ["AllowTcpForwarding no", ""].map(Sshd::start);
    let way = Arc::new(hop(&bastion, "bastion"));
    let error = connect(by(node.target(), &way)).await.err().unwrap().to_string();
    assert!(error.contains(&format!("through 127.0.0.1:{}", bastion.port)), "{error}");
    assert!(error.contains("AllowTcpForwarding"), "{error}");
}

#[tokio::test]
async fn a_jump_host_whose_key_has_changed_is_refused_before_anything_is_sent_through_it() {
    let [bastion, node] = ["", ""].map(Sshd::start);
    let known = format!("[127.0.0.1]:{} {}\n", bastion.port, node.host_key("ed25519"));
    std::fs::write(bastion.path("known_hosts"), known).unwrap();
    let way = Arc::new(hop(&bastion, "bastion"));
    let error = connect(by(node.target(), &way)).await.err().unwrap();
    assert!(matches!(&error, ConnectError::HostKeyChanged { host, .. } if host.ends_with(&bastion.port.to_string())));
    assert!(!node.path("known_hosts").exists());
}

#[tokio::test]
async fn a_command_is_the_connection() {
    let node = Sshd::start("");
    let config = node.path("sshd_config");
    let command = format!("/usr/sbin/sshd -i -f {}", config.display());
    // Nobody listens at that port: the command is all there is.
    let target = Target { port: 1, via: Via::Command(command), ..node.target() };
    let session = connect(target).await.unwrap();
    assert_eq!(session.run(&script("echo here"), &|_| ()).await.unwrap().stdout.text, "here\n");
    let target = Target { via: Via::Command("false".to_owned()), ..node.target() };
    let error = connect(target).await.err().unwrap().to_string();
    assert!(error.contains("`ProxyCommand false` ended before the server showed itself: run it by hand"), "{error}");
    // It has closed its output, and says why after that.
    let command = "sh -c 'exec >&-; sleep 0.1; echo no way today >&2'";
    let error =
        connect(Target { via: Via::Command(command.to_owned()), ..node.target() }).await.err().unwrap().to_string();
    assert!(error.ends_with("before the server showed itself, and said: no way today"), "{error}");
}

#[tokio::test]
async fn a_jump_host_that_refuses_us_is_tried_once_for_all_behind_it() {
    let [bastion, node] = ["", ""].map(Sshd::start);
    std::fs::write(bastion.path("authorized_keys"), "").unwrap();
    let way = Arc::new(hop(&bastion, "bastion"));
    let names: Vec<_> = (0..8).map(|i| NodeName::new(&format!("node{i}"))).collect();
    let targets = names.iter().map(|name| by(Target { name: name.clone(), ..node.target() }, &way)).collect();
    let dials = Dials::default();
    let transport = RusshTransport::with_dial(targets, Limits::default(), Arc::new(dials.clone()));
    let opened = futures::future::join_all(names.iter().map(|name| transport.connect(name))).await;
    assert!(opened.iter().all(|one| matches!(one, Err(ConnectError::Refused { .. }))));
    assert_eq!(dials.0.load(Ordering::Relaxed), 1);
}
