//! How a command ends, in all the ways.

use std::sync::Mutex;
use std::time::Duration;

use russh::Sig;
use tokio::time::Instant;

use super::server::{Bed, MINUTE, script};
use crate::transport::api::{Exit, RunError};

#[tokio::test(start_paused = true)]
async fn exit_status_after_end_of_output() {
    let bed = Bed::new(|running| async move {
        running.start().await;
        running.out("out\n").await;
        running.eof().await;
        running.exit(7).await;
        running.close().await;
    });
    let outcome = bed.session().await.run(&script("x", MINUTE), &|_| ()).await.unwrap();
    assert_eq!((outcome.exit, outcome.stdout.text.as_str()), (Exit::Code(7), "out\n"));
}

#[tokio::test(start_paused = true)]
async fn no_exit_status_is_not_success() {
    let bed = Bed::new(|running| async move {
        running.start().await;
        running.eof().await;
        running.close().await;
    });
    let outcome = bed.session().await.run(&script("x", MINUTE), &|_| ()).await.unwrap();
    assert_eq!(outcome.exit, Exit::Missing);
}

#[tokio::test(start_paused = true)]
async fn ended_by_a_signal() {
    for (signal, name) in [(Sig::KILL, "KILL"), (Sig::Custom("XCPU".into()), "XCPU")] {
        let bed = Bed::new(move |running| {
            let signal = signal.clone();
            async move {
                running.start().await;
                let said = (String::new(), String::new());
                let _ = running.server.exit_signal_request(running.id, signal, false, said.0, said.1).await;
                running.close().await;
            }
        });
        let outcome = bed.session().await.run(&script("x", MINUTE), &|_| ()).await.unwrap();
        assert_eq!(outcome.exit, Exit::Signal(name.into()));
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_ended_by_a_signal_and_a_close() {
    let bed = Bed::new(|mut running| async move {
        running.start().await;
        running.out("first words\n").await;
        running.until_closed().await;
    });
    let session = bed.session().await;
    let since = Instant::now();
    let error = session.run(&script("x", MINUTE), &|_| ()).await.unwrap_err();
    let RunError::TimedOut(MINUTE, outcome) = error else { panic!("{error}") };
    assert_eq!((outcome.exit, outcome.stdout.text.as_str()), (Exit::Missing, "first words\n"));
    assert!(since.elapsed() <= MINUTE + Duration::from_secs(15), "{:?}", since.elapsed());
    bed.see("close").await;
    // The second exec is the killer.
    let saw = bed.saw();
    let after = saw.iter().position(|event| event == "signal TERM").unwrap();
    assert!(saw[after..].contains(&"exec".to_owned()), "{saw:?}");
}

#[tokio::test(start_paused = true)]
async fn a_background_child_that_holds_the_output_does_not_hold_us() {
    let bed = Bed::new(|mut running| async move {
        running.start().await;
        running.exit(0).await;
        running.until_closed().await;
    });
    let session = bed.session().await;
    let since = Instant::now();
    let outcome = session.run(&script("daemon &", MINUTE), &|_| ()).await.unwrap();
    assert_eq!(outcome.exit, Exit::Code(0));
    assert!(since.elapsed() <= Duration::from_secs(3), "{:?}", since.elapsed());
    bed.see("close").await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_closed_half_way_is_lost_and_not_tried_again() {
    let bed = Bed::new(|running| async move {
        running.start().await;
        running.out("half\n").await;
        let bye = russh::Disconnect::ByApplication;
        let _ = running.server.disconnect(bye, "going down for reboot".into(), String::new()).await;
    });
    let session = bed.session().await;
    let error = session.run(&script("x", MINUTE), &|_| ()).await.unwrap_err();
    assert!(matches!(&error, RunError::Lost(why) if why.contains("going down for reboot")), "{error}");
    assert_eq!(bed.saw().iter().filter(|event| *event == "exec").count(), 1);
    let again = session.run(&script("x", MINUTE), &|_| ()).await.unwrap_err();
    assert!(matches!(again, RunError::Lost(_)), "{again}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_fell_silent_is_found() {
    let bed = Bed::new(|mut running| async move {
        running.start().await;
        running.until_closed().await;
    });
    let session = bed.session().await;
    let watched = bed.clone();
    let freeze = async move {
        watched.see("exec").await;
        watched.frozen.store(true, std::sync::atomic::Ordering::Relaxed);
        Instant::now()
    };
    let long = script("x", 10 * MINUTE);
    let (error, since) = tokio::join!(session.run(&long, &|_| ()), freeze);
    assert!(matches!(error.as_ref().unwrap_err(), RunError::Lost(why) if why.contains("silent")), "{error:?}");
    // `(keepalive_max + 1) * keepalive_interval`, and a goodbye that nobody hears.
    let took = since.elapsed();
    assert!((40..45).contains(&took.as_secs()), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_script_that_is_given_up_is_closed() {
    let bed = Bed::new(|mut running| async move {
        running.start().await;
        running.until_closed().await;
    });
    let session = bed.session().await;
    let given_up = script("x", MINUTE);
    tokio::select! {
        _ = session.run(&given_up, &|_| ()) => panic!("it does not end"),
        () = bed.see("exec") => {}
    }
    bed.see("close").await;
    assert!(!bed.saw().contains(&"signal TERM".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_nobody_waits_for_any_more_is_closed() {
    let bed = Bed::new(|_| async {});
    let bed = Bed { delay: Some(Duration::from_secs(1)), ..bed };
    let session = bed.session().await;
    let given_up = script("x", MINUTE);
    // The confirmation is still on its way.
    tokio::select! {
        _ = session.run(&given_up, &|_| ()) => panic!("it does not end"),
        () = bed.see("open") => {}
    }
    bed.see("close").await;
    assert!(!bed.saw().contains(&"exec".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn what_did_not_start_is_said() {
    let shell = Bed::new(|running| async move {
        running.out("This account is currently not available.\n").await;
        running.exit(1).await;
        running.close().await;
    });
    let error = shell.session().await.run(&script("x", MINUTE), &|_| ()).await.unwrap_err();
    assert!(
        matches!(&error, RunError::NotStarted(why) if why == "This account is currently not available."),
        "{error}"
    );

    let sudo = Bed::new(|running| async move {
        running.out("hello from .bashrc\n").await;
        running.err("::bricklayer:sudo::\nsudo: a password is required\n").await;
        running.exit(1).await;
        running.close().await;
    });
    let session = sudo.session().await;
    let root = crate::transport::api::Script { become_root: true, ..script("x", MINUTE) };
    let error = session.run(&root, &|_| ()).await.unwrap_err();
    let RunError::Privilege { what, said, remedy } = error else { panic!("{error}") };
    assert_eq!(said, "sudo: a password is required");
    assert!(what.starts_with("admin may not become root"), "{what}");
    assert!(remedy.contains("admin ALL=(ALL) NOPASSWD: ALL"), "{remedy}");
}

#[tokio::test(start_paused = true)]
async fn output_that_is_not_text_and_has_no_last_newline() {
    let bed = Bed::new(|running| async move {
        running.start().await;
        running.out(*b"\xff\xfe\x00\nlast").await;
        running.exit(0).await;
        running.close().await;
    });
    let lines = Mutex::new(Vec::new());
    let keep = |line: &str| lines.lock().unwrap().push(line.to_owned());
    let outcome = bed.session().await.run(&script("x", MINUTE), &keep).await.unwrap();
    assert_eq!(outcome.stdout.text, "\u{fffd}\u{fffd}\0\nlast");
    assert_eq!(*lines.lock().unwrap(), ["\u{fffd}\u{fffd}\0", "last"]);
}
