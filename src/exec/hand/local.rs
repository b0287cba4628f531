//! What lies on this machine and goes to nodes.

use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

use sha2::{Digest as _, Sha256};

use crate::model::sum::hex;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::process::{Child, Command};

/// A file, or a folder with all that is in it.
#[derive(Clone, Debug)]
pub struct Load {
    /// Where it is.
    pub path: PathBuf,
    /// Its last part, by which it is known there.
    pub name: String,
    /// What is known of a file; nothing of a folder.
    pub(super) file: Option<FileFacts>,
}

#[derive(Clone, Debug)]
pub(super) struct FileFacts {
    pub(super) size: u64,
    pub(super) sum: String,
    pub(super) mode: u32,
}

/// Why it cannot go anywhere.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error("cannot read `{0}`")]
    Read(PathBuf, #[source] io::Error),
    /// It is a device, a pipe, or has no name.
    #[error("`{0}` is neither a file nor a folder with a name")]
    Kind(PathBuf),
}

impl Load {
    /// Looks at it, and reads a file once for its checksum. Blocks.
    pub fn look(path: &Path) -> Result<Self, LoadError> {
        let failed = |error| LoadError::Read(path.to_owned(), error);
        let real = path.canonicalize().map_err(failed)?;
        let facts = real.metadata().map_err(failed)?;
        // A link is known by its own name.
        let named = if path.file_name().is_some() { path } else { &real };
        let name = named.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        let name = name.ok_or_else(|| LoadError::Kind(path.to_owned()))?;
        let file = if facts.is_file() {
            let (size, sum) = sum(&real).map_err(failed)?;
            Some(FileFacts { size, sum, mode: facts.permissions().mode() & 0o777 })
        } else if facts.is_dir() {
            None
        } else {
            return Err(LoadError::Kind(path.to_owned()));
        };
        Ok(Self { path: real, name, file })
    }

    /// Whether a file is another one than it was.
    pub(super) async fn has_changed(&self) -> bool {
        let Some(was) = self.file.as_ref().map(|file| file.sum.clone()) else { return false };
        let path = self.path.clone();
        let now = tokio::task::spawn_blocking(move || sum(&path)).await;
        !matches!(now, Ok(Ok((_, now))) if now == was)
    }

    /// Bytes of a file; of a folder it is not known before.
    pub fn size(&self) -> Option<u64> {
        self.file.as_ref().map(|file| file.size)
    }
}

/// Bytes of a file, and its SHA-256. Blocks.
pub fn sum(path: &Path) -> io::Result<(u64, String)> {
    let mut file = std::fs::File::open(path)?;
    let (mut hasher, mut size, mut piece) = (Sha256::new(), 0, vec![0; 128 * 1024]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok((size, hex(hasher))),
            read => {
                hasher.update(&piece[..read]);
                size += read as u64;
            }
        }
    }
}

/// A folder as a stream, made by the `tar` of this machine.
pub(super) struct Packing {
    child: Child,
}

impl Packing {
    pub(super) fn begin(folder: &Path) -> io::Result<(Self, tokio::process::ChildStdout)> {
        let mut command = Command::new("tar");
        command.arg("-C").arg(folder).args(["-cf", "-", "."]).env("COPYFILE_DISABLE", "1");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => io::Error::other("`tar` is not installed on this machine"),
            _ => error,
        })?;
        let packed = child.stdout.take().ok_or_else(|| io::Error::other("`tar` has no output"))?;
        Ok((Self { child }, packed))
    }

    /// Whether all of it was packed; `Err` is what `tar` says.
    pub(super) async fn finish(self) -> Result<(), String> {
        let out = self.child.wait_with_output().await.map_err(|error| error.to_string())?;
        if out.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&out.stderr).trim().to_owned()) }
    }
}

/// Counts what is read, and sums it up where that was not done before.
pub(super) struct Counted<'a, R> {
    pub(super) inner: R,
    pub(super) hasher: Option<Sha256>,
    pub(super) bytes: u64,
    pub(super) progress: &'a (dyn Fn(u64) + Send + Sync),
}

impl<R: AsyncRead + Unpin> AsyncRead for Counted<'_, R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(context, buffer);
        let new = &buffer.filled()[before..];
        if matches!(polled, Poll::Ready(Ok(()))) && !new.is_empty() {
            if let Some(hasher) = &mut self.hasher {
                hasher.update(new);
            }
            self.bytes += new.len() as u64;
            (self.progress)(new.len() as u64);
        }
        polled
    }
}
