//! `put`, where what is sent cannot be read to its end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use bricklayer::events::{FailureKind, HandEnd};
use bricklayer::exec::hand::{Load, Put, send};
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
