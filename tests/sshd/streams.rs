//! What goes in beside a script, and comes out byte for byte.

use std::io;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use bricklayer::model::Side;
use bricklayer::transport::{Exit, Outcome, RunError, Session};
use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};

use crate::bed::{Sshd, script};

/// The outcome, and all of both outputs.
async fn stream(
    session: &dyn Session,
    text: &str,
    mut input: impl AsyncRead + Send + Unpin,
) -> (Result<Outcome, RunError>, Vec<u8>, Vec<u8>) {
    let sides = Mutex::new((Vec::new(), Vec::new()));
    let hear = |side: Side, bytes: &[u8]| {
        let mut sides = sides.lock().unwrap();
        if side == Side::Out { &mut sides.0 } else { &mut sides.1 }.extend_from_slice(bytes);
    };
    let outcome = session.stream(&script(text), Some(&mut input), &hear).await;
    let (out, err) = sides.into_inner().unwrap();
    (outcome, out, err)
}

fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|n| u8::try_from((n * 7919 + n / 251) % 256).unwrap()).collect()
}

#[tokio::test]
async fn bytes_come_back_as_they_went_in() {
    // With a rekey every megabyte, in both directions.
    let sshd = Sshd::start("RekeyLimit 1M");
    let session = sshd.connect().await;
    for count in [0, 1, 32 * 1024, 5_000_001] {
        let sent = bytes(count);
        let (outcome, out, err) = stream(&*session, "cat; echo done >&2", sent.as_slice()).await;
        assert_eq!(outcome.unwrap().exit, Exit::Code(0));
        assert!(out == sent, "{count}: {} came back", out.len());
        assert_eq!(err, b"done\n");
    }
}

#[tokio::test]
async fn who_reads_no_more_ends_as_it_likes() {
    let sshd = Sshd::start("");
    let session = sshd.connect().await;
    let endless = tokio::io::repeat(b'x');
    let (outcome, out, _) = stream(&*session, "head -c 10; exit 3", endless).await;
    assert_eq!(outcome.unwrap().exit, Exit::Code(3));
    assert_eq!(out, b"xxxxxxxxxx");
}

struct Broken;

impl AsyncRead for Broken {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::Error::other("the disk is broken")))
    }
}

#[tokio::test]
async fn what_cannot_be_read_here_is_never_taken_for_its_end() {
    let sshd = Sshd::start("");
    let session = sshd.connect().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let part = format!("{}.part", file.path().display());
    let text = format!("trap 'rm {part}' EXIT; trap 'exit 1' TERM; cat >{part} && mv {part} {}", file.path().display());
    // More than sshd holds back: the script runs when it breaks off.
    let half = bytes(5_000_000);
    let (outcome, ..) = stream(&*session, &text, half.as_slice().chain(Broken)).await;
    let Err(RunError::Input(why, outcome)) = &outcome else { panic!("{outcome:?}") };
    assert!(why.contains("broken") && outcome.exit == Exit::Code(1), "{why} {outcome:?}");
    assert_eq!(std::fs::read(file.path()).unwrap().len(), 0);
    assert!(!std::fs::exists(part).unwrap());
}
