//! Jump hosts that do what sshd does not.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::future::join_all;

use super::server::{Bed, MINUTE, script};
use crate::model::NodeName;
use crate::transport::RusshTransport;
use crate::transport::api::{ConnectError, Session, Transport as _};
use crate::transport::target::{Limits, Target, Via};

fn bed(most: usize) -> Bed {
    let bed = Bed::new(|running| async move {
        running.start().await;
        running.exit(0).await;
        running.close().await;
    });
    Bed { max_sessions: most, ..bed }
}

/// Six nodes by way of one server, which has this many channels for each connection.
async fn six(bed: &Bed) -> Vec<Result<Box<dyn Session>, ConnectError>> {
    let way = Arc::new(bed.target());
    let names: Vec<_> = (0..6).map(|number| NodeName::new(&format!("node{number}"))).collect();
    let target = |name: &NodeName| Target { name: name.clone(), via: Via::Jump(Arc::clone(&way)), ..bed.target() };
    let targets = names.iter().map(target).collect();
    let transport = RusshTransport::with_dial(targets, Limits::default(), Arc::new(bed.clone()));
    join_all(names.iter().map(|name| transport.connect(name))).await
}

#[tokio::test]
async fn a_jump_host_that_gives_no_more_channels_gets_more_connections() {
    for (most, connections) in [(6, 1), (2, 3), (1, 6)] {
        let bed = bed(most);
        let sessions = six(&bed).await;
        for session in &sessions {
            let session = session.as_ref().unwrap_or_else(|error| panic!("{most}: {error}"));
            session.run(&script("x", MINUTE), &|_| ()).await.unwrap();
        }
        assert_eq!(bed.dials.load(Ordering::Relaxed), connections, "{most}");
    }
}

#[tokio::test]
async fn one_that_gives_none_at_all_is_not_asked_for_ever() {
    let bed = bed(0);
    for session in six(&bed).await {
        let error = session.err().unwrap().to_string();
        assert!(error.contains("gives no channel to it, through server1.test:22"), "{error}");
    }
    assert_eq!(bed.dials.load(Ordering::Relaxed), 1);
}
