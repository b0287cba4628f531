//! A file or a folder from a node.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::command::{code, connect, run_failed};
use crate::events::{Failure, FailureKind, HandEnd};
use crate::exec::explain;
use crate::model::shell::quote;
use crate::model::sum::hex;
use crate::model::{NodeName, Side};
use crate::transport::{Script, Session, Transport};

/// A day: what is still on its way then will not come.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// The first line, which says what comes, is short.
const LONGEST_HEAD: usize = 100;

/// Brings what is at `path` on the node into `folder`, which is made, under its own name. It is there only when all of it
/// has come. `progress` is told of bytes.
pub async fn fetch(
    transport: &dyn Transport,
    node: &NodeName,
    (path, become_root): (&str, bool),
    folder: &Path,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> HandEnd {
    match fetched(transport, node, (path, become_root), folder, progress).await {
        Ok(bytes) => HandEnd::Done { changed: true, bytes },
        Err(failure) => HandEnd::Failed { failure },
    }
}

async fn fetched(
    transport: &dyn Transport,
    node: &NodeName,
    (path, become_root): (&str, bool),
    folder: &Path,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<u64, Failure> {
    let session = connect(transport, node).await?;
    let script = Script { text: format!("path={}\n{SEND}", quote(path)), become_root, timeout: LONGEST };
    let to = folder.join(Path::new(path).file_name().unwrap_or_default());
    let received = receive(session.as_ref(), node, (&script, &format!("`{path}`")), &to, progress).await;
    session.close().await;
    received
}

/// Takes what a script sends as [`SEND`] does, to where it shall be; it is there only when all of it has come. `what` it is, is
/// said where that fails. Answers its bytes.
pub(in crate::exec) async fn receive(
    session: &dyn Session,
    node: &NodeName,
    (script, what): (&Script, &str),
    to: &Path,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<u64, Failure> {
    let (folder, name) = (to.parent().unwrap_or(to), to.file_name().unwrap_or_default());
    let here = |error: io::Error| here(&error, folder);
    let arrival = Mutex::new(Arrival::begin(folder, &name.to_string_lossy()).map_err(here)?);
    let hear = |side: Side, bytes: &[u8]| {
        if side == Side::Out {
            progress(bytes.len() as u64);
            arrival.lock().unwrap_or_else(PoisonError::into_inner).take(bytes);
        }
    };
    let outcome = session.stream(script, None, &hear).await.map_err(|error| run_failed(node, &error))?;
    let failed = |what: String, code: Option<u32>| Failure {
        kind: FailureKind::Step,
        what,
        command: "get".to_owned(),
        code,
        stderr: explain::tail(&outcome.stderr.text),
        remedy: "mend what it says and run the same command again; nothing was written here".to_owned(),
    };
    match code(node, &outcome)? {
        0 => {}
        code => return Err(failed(format!("{what} could not be read there"), Some(code))),
    }
    let arrival = arrival.into_inner().unwrap_or_else(PoisonError::into_inner);
    let sum = outcome.stderr.text.lines().last().unwrap_or_default().to_owned();
    if arrival.sum() != sum {
        return Err(failed(format!("{what} was changed while it was read, or on its way"), None));
    }
    arrival.finish(to).map_err(here)
}

fn here(error: &io::Error, folder: &Path) -> Failure {
    Failure {
        kind: FailureKind::Step,
        what: format!("it cannot be written to `{}` on this machine: {error}", folder.display()),
        command: "get".to_owned(),
        code: None,
        stderr: String::new(),
        remedy: "mend it here and run the same command again".to_owned(),
    }
}

/// What comes, in a file of its own until all of it has.
struct Arrival {
    part: PathBuf,
    file: File,
    head: Option<String>,
    early: Vec<u8>,
    hasher: Sha256,
    bytes: u64,
    failed: Option<io::Error>,
}

impl Arrival {
    fn begin(folder: &Path, name: &str) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let part = folder.join(format!(".{name}.{}.part", std::process::id()));
        let file = File::options().write(true).create(true).truncate(true).open(&part)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        let hasher = Sha256::new();
        Ok(Self { part, file, head: None, early: Vec::new(), hasher, bytes: 0, failed: None })
    }

    fn take(&mut self, bytes: &[u8]) {
        if self.head.is_some() {
            return self.write(bytes);
        }
        self.early.extend_from_slice(bytes);
        if let Some(end) = self.early.iter().position(|&byte| byte == b'\n') {
            self.head = Some(String::from_utf8_lossy(&self.early[..end]).into_owned());
            let rest = self.early.split_off(end + 1);
            self.write(&rest);
        } else if self.early.len() > LONGEST_HEAD {
            self.failed = Some(io::Error::other("the node does not say what it sends"));
        }
    }

    // Where the disk is full, the rest is only drained.
    fn write(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        if self.failed.is_none() {
            self.failed = self.file.write_all(bytes).err();
        }
    }

    fn sum(&self) -> String {
        hex(self.hasher.clone())
    }

    fn finish(mut self, to: &Path) -> io::Result<u64> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        match self.head.as_deref().unwrap_or_default().split_once(' ') {
            Some(("file", mode)) => {
                let mode = u32::from_str_radix(mode, 8).unwrap_or(0o600) & 0o777;
                self.file.set_permissions(Permissions::from_mode(mode))?;
                fs::rename(&self.part, to)?;
            }
            _ => self.unpack(to)?,
        }
        Ok(self.bytes)
    }

    fn unpack(&self, to: &Path) -> io::Result<()> {
        if to.symlink_metadata().is_ok() {
            return Err(io::Error::other(format!("`{}` is there already; move it away", to.display())));
        }
        let tree = self.part.with_extension("tree");
        fs::create_dir(&tree)?;
        let mut tar = std::process::Command::new("tar");
        tar.arg("-C").arg(&tree).arg("-xpof").arg(&self.part);
        let unpacked = tar.stdin(Stdio::null()).output();
        let done = match unpacked {
            Ok(out) if out.status.success() => fs::rename(&tree, to),
            Ok(out) => Err(io::Error::other(String::from_utf8_lossy(&out.stderr).trim().to_owned())),
            Err(error) => Err(error),
        };
        if done.is_err() {
            // What has come is not lost with it: it can be had again.
            let _left = fs::remove_dir_all(&tree);
        }
        done
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        let _moved = fs::remove_file(&self.part);
    }
}

// A first line that says what comes, then its bytes; on standard error, last of all, their sum.
const SEND: &str = r#"set -e
if [ -d "$path" ]; then
  command -v tar >/dev/null || { echo "tar is not installed there" >&2; exit 1; }
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM
  mkfifo "$work/pipe"
  sha256sum <"$work/pipe" >"$work/sum" &
  echo 'folder '
  { tar -C "$path" -cf - . || echo $? >"$work/failed"; } | tee "$work/pipe"
  wait
  ! [ -e "$work/failed" ]
  cut -c 1-64 "$work/sum" >&2
elif [ -f "$path" ]; then
  exec 3<"$path"
  echo "file $(stat -L -c %a "$path")"
  cat <&3
  sha256sum <"$path" | cut -c 1-64 >&2
elif [ -e "$path" ]; then
  echo "$path is neither a file nor a folder" >&2
  exit 1
else
  echo "there is no $path" >&2
  exit 1
fi
"#;
