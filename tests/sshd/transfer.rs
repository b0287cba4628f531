//! `put` and `get`: new keys meanwhile, and what is sent cannot be read to its end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use bricklayer::events::{FailureKind, HandEnd};
use bricklayer::exec::hand::{Load, Put, fetch, send};
use bricklayer::transport::{Limits, RusshTransport};

use crate::bed::{NODE, Sshd, run};

/// Old content in `there/old`, and what is to be put in its place.
struct Bed {
    sshd: Sshd,
    load: Load,
}

impl Bed {
    fn new(from: &Path, sshd: Sshd) -> Self {
        fs::create_dir(sshd.path("there")).unwrap();
        fs::write(sshd.path("there/old"), "old").unwrap();
        Self { load: Load::look(from).unwrap(), sshd }
    }

    /// Puts it there, and does something each time that a piece was read. It fails, and soon; says so in these words.
    async fn fails(&self, to: &str, meanwhile: impl Fn() + Send + Sync, why: &str) {
        let to = self.sshd.path(to).display().to_string();
        let put = Put { load: self.load.clone(), to, mode: None, owner: None, become_root: false };
        let transport = RusshTransport::new(vec![self.sshd.target()], Limits::default());
        let node = NODE.into();
        let progress = |_| meanwhile();
        let sent = send(&transport, &node, &put, &progress);
        let sent = tokio::time::timeout(Duration::from_secs(20), sent).await.unwrap();
        let HandEnd::Failed { failure } = sent else { panic!("{sent:?}") };
        let what = format!("`{}` cannot be read on this machine: {why}", self.load.path.display());
        assert_eq!((failure.kind, failure.what.as_str()), (FailureKind::Step, what.as_str()));
        assert!(failure.remedy.contains("what was there is as it was"), "{failure:?}");
        self.untouched().await;
    }

    /// What was there is as it was, and nothing lies there, or has it open, that was begun for it.
    async fn untouched(&self) {
        let there = self.sshd.path("there");
        let names: Vec<_> = fs::read_dir(&there).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["old"]);
        assert_eq!(fs::read(there.join("old")).unwrap(), b"old");
        let session = self.sshd.connect().await;
        let text = format!("find /proc/[0-9]*/fd -lname '{}/*' 2>/dev/null; :", there.display());
        assert_eq!(run(&*session, &text).await.unwrap().stdout.text, "");
    }
}

fn big(path: &Path) -> PathBuf {
    fs::write(path, vec![b'x'; 20 << 20]).unwrap();
    path.to_owned()
}

#[tokio::test]
async fn a_read_that_fails_half_way_leaves_what_was_there() {
    // A file of some reads, gone with its process.
    let child = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().unwrap();
    let from = PathBuf::from(format!("/proc/{}/smaps", child.id()));
    let child = Mutex::new(child);
    let bed = Bed::new(&from, Sshd::start(""));
    let end = || {
        let mut child = child.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    };
    bed.fails("there/old", end, "No such process (os error 3)").await;
}

#[tokio::test]
async fn a_file_that_is_gone_or_became_a_folder_leaves_what_was_there() {
    let sshd = Sshd::start("");
    let from = big(&sshd.path("from"));
    let bed = Bed::new(&from, sshd);
    fs::remove_file(&from).unwrap();
    bed.fails("there/old", || (), "No such file or directory (os error 2)").await;
    fs::create_dir(&from).unwrap();
    bed.fails("there/old", || (), "Is a directory (os error 21)").await;
}

#[tokio::test]
async fn a_file_that_shrinks_or_grows_leaves_what_was_there() {
    for size in [1 << 20, 21 << 20] {
        let sshd = Sshd::start("");
        let from = big(&sshd.path("from"));
        let bed = Bed::new(&from, sshd);
        let change = || fs::File::options().write(true).open(&from).unwrap().set_len(size).unwrap();
        bed.fails("there/old", change, "it was changed while it was sent").await;
    }
}

#[tokio::test]
async fn a_file_of_a_folder_that_goes_away_leaves_what_was_there() {
    let sshd = Sshd::start("");
    let from = sshd.path("from");
    fs::create_dir(&from).unwrap();
    let files: Vec<_> = (0..20).map(|name| big(&from.join(format!("{name}")))).collect();
    let bed = Bed::new(&from, sshd);
    let remove = || files.iter().for_each(|file| drop(fs::remove_file(file)));
    bed.fails("there/", remove, "`tar` could not pack all of it").await;
}

#[test]
fn what_has_no_end_is_not_begun() {
    let sshd = Sshd::start("");
    let pipe = sshd.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [pipe.as_path(), Path::new("/dev/zero")] {
        let error = Load::look(path).unwrap_err().to_string();
        assert_eq!(error, format!("`{}` is neither a file nor a folder with a name", path.display()));
    }
}

#[tokio::test]
async fn files_go_and_come_while_keys_are_exchanged_anew() {
    // By both sides, every megabyte; four at once.
    let sshd = Sshd::start("RekeyLimit 1M");
    let limits = Limits { rekey_bytes: 1 << 20, ..Limits::default() };
    for limits in [Limits::default(), limits] {
        let transport = RusshTransport::new(vec![sshd.target()], limits);
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("from");
        let bytes: Vec<u8> = (0..20_u32 << 20).map(|n| u8::try_from(n.wrapping_mul(n) % 251).unwrap()).collect();
        fs::write(&from, &bytes).unwrap();
        let load = Load::look(&from).unwrap();
        let one = async |number: u32| {
            let there = folder.path().join(format!("there{number}")).display().to_string();
            let put = Put { load: load.clone(), to: there.clone(), mode: None, owner: None, become_root: false };
            let node = NODE.into();
            let sent = send(&transport, &node, &put, &|_| ()).await;
            assert_eq!(sent, HandEnd::Done { changed: true, bytes: 20 << 20 });
            let here = folder.path().join(format!("here{number}"));
            let come = fetch(&transport, &node, (&there, false), &here, &|_| ()).await;
            assert_eq!(come, HandEnd::Done { changed: true, bytes: 20 << 20 });
            assert!(fs::read(here.join(format!("there{number}"))).unwrap() == bytes);
        };
        futures::future::join_all((0..4).map(one)).await;
    }
}
