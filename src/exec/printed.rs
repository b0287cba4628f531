//! What a step prints: told line by line while it is little, and kept whole in a file where it is much.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::events::{Event, Redactor};
use crate::exec::Context;
use crate::model::Side;
use crate::plan::TaskId;
use crate::playbook::is_mark;

/// So much is told, each line of it. What is longer goes to a file as a whole.
const TOLD: usize = 256 * 1024;
/// Lines that may wait to be told. Where more do, all of it goes to the file.
const LINES: usize = 1024;
/// How often a line is told of what goes to a file: enough to see that it goes on.
const PAUSE: Duration = Duration::from_secs(1);
/// A line is told up to here.
const LONGEST_TOLD: usize = 8 * 1024;
/// A line that is longer is handed on in pieces.
const LONGEST: usize = 64 * 1024;
/// So much of such a line waits for the next piece, so that no secret is cut in two.
const HELD_BACK: usize = 4 * 1024;

/// All that one step prints on both outputs, without our own marks and without secrets.
pub(super) struct Printed {
    folder: Option<PathBuf>,
    name: String,
    mark: String,
    redact: Arc<Redactor>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    open: [Open; 2],
    lines: Option<mpsc::Sender<String>>,
    last: Option<Instant>,
    memory: Vec<u8>,
    /// Where all of it goes, once it is much.
    path: Option<PathBuf>,
    file: Option<BufWriter<File>>,
    bytes: u64,
    /// Why the file does not have all.
    lost: Option<String>,
}

/// A line of which more comes.
#[derive(Default)]
struct Open {
    bytes: Vec<u8>,
    /// A piece of it was handed on.
    begun: bool,
    /// An empty line came before it: our own, where a mark follows.
    blank: bool,
}

impl Printed {
    /// Nothing yet. The lines to be told come out of the receiver, which ends after [`Printed::end`].
    pub(super) fn begin(context: &Context, task: &TaskId, step: &str) -> (Self, mpsc::Receiver<String>) {
        let (sender, lines) = mpsc::channel(LINES);
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '-' };
        let name = format!("{}.{}.{step}", task.node, task.what()).chars().map(plain).collect();
        let printed = Self {
            folder: context.folder.clone(),
            name,
            mark: context.mark.clone(),
            redact: Arc::clone(&context.redact),
            inner: Mutex::new(Inner { lines: Some(sender), ..Inner::default() }),
        };
        (printed, lines)
    }

    pub(super) fn hear(&self, side: Side, bytes: &[u8]) {
        let inner = &mut *self.inner();
        let at = usize::from(side == Side::Err);
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            let ended = piece.ends_with(b"\n");
            if ended && inner.open[at].bytes.is_empty() {
                self.line(inner, at, piece);
                continue;
            }
            inner.open[at].bytes.extend_from_slice(piece);
            if ended {
                self.open_line(inner, at);
            } else if inner.open[at].bytes.len() > LONGEST {
                self.piece(inner, at);
            }
        }
    }

    /// Nothing more comes.
    pub(super) fn end(&self) {
        let inner = &mut *self.inner();
        for at in [0, 1] {
            if !inner.open[at].bytes.is_empty() {
                self.open_line(inner, at);
            }
        }
        inner.lines = None;
    }

    /// Where all of it lies, if it was much.
    pub(super) fn kept(&self, task: &TaskId, step: &str) -> Option<Event> {
        let inner = &mut *self.inner();
        let path = inner.path.take()?;
        let flushed = inner.file.take().map_or(Ok(()), |mut file| file.flush());
        let lost = inner.lost.take().or(flushed.err().map(|error| error.to_string()));
        let (task, step, file) = (task.clone(), step.to_owned(), path.display().to_string());
        Some(Event::OutputKept { task, step, file, bytes: inner.bytes, lost })
    }

    fn open_line(&self, inner: &mut Inner, at: usize) {
        let line = std::mem::take(&mut inner.open[at].bytes);
        self.line(inner, at, &line);
    }

    // With its newline, if it has one.
    fn line(&self, inner: &mut Inner, at: usize, line: &[u8]) {
        let Open { begun, blank, .. } = std::mem::take(&mut inner.open[at]);
        if !begun && line.starts_with(self.mark.as_bytes()) && is_mark(&self.mark, &String::from_utf8_lossy(line)) {
            return;
        }
        if blank {
            self.keep(inner, b"\n");
        }
        if !begun && line == b"\n" {
            inner.open[at].blank = true;
            return;
        }
        let line = self.redact.bytes(line);
        self.keep(inner, &line);
        if !begun {
            self.told(inner, line.strip_suffix(b"\n").unwrap_or(&line));
        }
    }

    fn piece(&self, inner: &mut Inner, at: usize) {
        let Open { bytes, begun, blank } = std::mem::take(&mut inner.open[at]);
        if blank {
            self.keep(inner, b"\n");
        }
        let mut bytes = self.redact.bytes(&bytes).into_owned();
        let rest = bytes.split_off(bytes.len().saturating_sub(HELD_BACK));
        self.keep(inner, &bytes);
        if !begun {
            self.told(inner, &bytes);
        }
        inner.open[at] = Open { bytes: rest, begun: true, blank: false };
    }

    fn told(&self, inner: &mut Inner, line: &[u8]) {
        if line.is_empty() || inner.path.is_some() && inner.last.is_some_and(|last| last.elapsed() < PAUSE) {
            return;
        }
        let text: Cow<'_, str> = String::from_utf8_lossy(&line[..line.len().min(LONGEST_TOLD)]);
        let more = if line.len() > LONGEST_TOLD { " [..]" } else { "" };
        let told = inner.lines.as_ref().is_some_and(|lines| lines.try_send(format!("{text}{more}")).is_ok());
        inner.last = Some(Instant::now());
        if !told && inner.path.is_none() {
            self.spill(inner);
        }
    }

    fn keep(&self, inner: &mut Inner, bytes: &[u8]) {
        inner.bytes += bytes.len() as u64;
        if inner.path.is_none() && inner.memory.len() + bytes.len() > TOLD {
            self.spill(inner);
        }
        if inner.path.is_none() {
            inner.memory.extend_from_slice(bytes);
        } else if let Some(Err(error)) = inner.file.as_mut().map(|file| file.write_all(bytes)) {
            (inner.file, inner.lost) = (None, Some(error.to_string()));
        }
    }

    // Without a folder, what was told is all.
    fn spill(&self, inner: &mut Inner) {
        let memory = std::mem::take(&mut inner.memory);
        let Some(folder) = &self.folder else { return };
        let (path, file) = create(folder, &self.name);
        inner.path = Some(path);
        match file.and_then(|file| {
            let mut file = BufWriter::with_capacity(LONGEST, file);
            file.write_all(&memory).map(|()| file)
        }) {
            Ok(file) => inner.file = Some(file),
            Err(error) => inner.lost = Some(error.to_string()),
        }
    }

    // Nothing panics while it is held; if it did, what is in it is whole all the same.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// The same step may run twice in a run.
fn create(folder: &Path, name: &str) -> (PathBuf, io::Result<File>) {
    let mut number = 1;
    loop {
        let again = if number == 1 { String::new() } else { format!("-{number}") };
        let path = folder.join(format!("{name}{again}.out"));
        match File::options().write(true).create_new(true).mode(0o600).open(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && number < 1000 => number += 1,
            made => return (path, made),
        }
    }
}
