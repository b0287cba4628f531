//! Bytes in both directions: rekeying, floods, round trips.

use std::time::Duration;

use tokio::time::Instant;

use super::server::{Bed, MINUTE, script};
use crate::transport::api::{Exit, RunError};
use crate::transport::capture::KEPT;

#[tokio::test]
async fn a_flood_is_counted_and_not_kept() {
    const MIB: u64 = 64;
    let bed = Bed::new(|running| async move {
        running.start().await;
        for _ in 0..MIB * 32 {
            running.out(vec![b'x'; 32 * 1024]).await;
        }
        running.exit(0).await;
        running.eof().await;
        running.close().await;
    });
    let outcome = bed.session().await.run(&script("x", MINUTE), &|_| ()).await.unwrap();
    assert_eq!(outcome.stdout.total, MIB << 20);
    assert!(outcome.stdout.text.len() < 2 * KEPT + 100);
    assert_eq!(outcome.exit, Exit::Code(0));
}

#[tokio::test]
async fn keys_are_exchanged_anew_under_load_in_both_directions() {
    let bed = Bed::new(|mut running| async move {
        running.start().await;
        // Back as it comes, so that both directions are busy at once.
        while let Some(super::server::Input::Data(bytes)) = running.input.recv().await {
            running.out(bytes).await;
        }
        running.exit(0).await;
        running.eof().await;
        running.close().await;
    });
    let bed = Bed { rekey_bytes: 256 * 1024, ..bed };
    let text = "0123456789abcde\n".repeat(8 << 16);
    let outcome = bed.session().await.run(&script(&text, MINUTE), &|_| ()).await.unwrap();
    assert_eq!(outcome.exit, Exit::Code(0));
    let sent = text.len() + format!("\n#bricklayer end {}", text.len()).len();
    assert_eq!(outcome.stdout.total, sent as u64);
    assert!(outcome.stdout.text.ends_with(&format!("#bricklayer end {}", text.len())));
}

#[tokio::test(start_paused = true)]
async fn round_trips() {
    const TRIP: Duration = Duration::from_millis(200);
    let bed = Bed::new(|mut running| async move {
        running.start().await;
        running.read().await;
        running.exit(0).await;
        running.eof().await;
        running.close().await;
    });
    let bed = Bed { delay: Some(TRIP / 2), ..bed };
    let transport = bed.transport(bed.target());
    let trips = |since: Instant| since.elapsed().as_millis() / TRIP.as_millis();

    // Beside the round trip of TCP itself, which the pipe has not: banners and algorithms, key exchange,
    // `ssh-userauth`, key offered, key proved.
    let since = Instant::now();
    let session = crate::transport::Transport::connect(&transport, &super::server::NODE.into()).await.unwrap();
    assert_eq!(trips(since), 5);

    // Channel; then command, script and answer together.
    for _ in 0..2 {
        let since = Instant::now();
        session.run(&script("x", MINUTE), &|_| ()).await.unwrap();
        assert_eq!(trips(since), 2);
    }

    // Side by side they cost no more than one.
    let since = Instant::now();
    let one = script("x", MINUTE);
    futures::future::join_all((0..5).map(|_| session.run(&one, &|_| ()))).await;
    assert_eq!(trips(since), 2);
}

#[tokio::test(start_paused = true)]
async fn more_scripts_than_sessions_take_turns() {
    let bed = Bed::new(|mut running| async move {
        running.start().await;
        running.read().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        running.exit(0).await;
        running.close().await;
        running.until_closed().await;
    });
    let bed = Bed { max_sessions: 3, ..bed };
    let session = bed.session().await;
    let one = script("x", MINUTE);
    let outcomes = futures::future::join_all((0..30).map(|_| session.run(&one, &|_| ()))).await;
    assert!(outcomes.iter().all(|outcome| outcome.as_ref().is_ok_and(|o| o.exit == Exit::Code(0))), "{outcomes:?}");
    assert!(bed.saw().contains(&"open refused".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_server_without_sessions_says_so_at_once() {
    let bed = Bed { max_sessions: 0, ..Bed::new(|_| async {}) };
    let error = bed.session().await.run(&script("x", MINUTE), &|_| ()).await.unwrap_err();
    assert!(matches!(&error, RunError::NotStarted(why) if why.contains("MaxSessions")), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_script_is_not_in_the_command() {
    let bed = Bed::new(|mut running| async move {
        let command = running.command.clone();
        let stdin = running.read().await;
        running.start().await;
        running.out(command).await;
        running.err(&String::from_utf8_lossy(&stdin)).await;
        running.exit(0).await;
        running.close().await;
    });
    let outcome = bed.session().await.run(&script("secret words", MINUTE), &|_| ()).await.unwrap();
    assert!(!outcome.stdout.text.contains("secret"), "{}", outcome.stdout.text);
    assert!(outcome.stderr.text.starts_with("secret words\n"));
    let plain = |byte: u8| byte == b' ' || (byte.is_ascii_graphic() && byte != b'\\' && byte != b'!');
    assert!(outcome.stdout.text.bytes().all(plain), "{}", outcome.stdout.text);
}
