//! Writing down a new host key.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use russh::keys::{PublicKey, PublicKeyBase64 as _};
use rustix::fs::{FlockOperation, flock};

/// Appends `host keytype base64` for each pair, as OpenSSH would, unless that very line is there already. The folder
/// is made with mode 0700 and the file with 0600. The file is locked while it is read and written, so that runs of
/// ours side by side neither tear a line nor write it twice; OpenSSH itself appends without a lock, one write a line,
/// and so do we.
pub(crate) fn append(file: &Path, keys: &[(String, PublicKey)]) -> io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.exists()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut open = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(file)?;
    flock(&open, FlockOperation::LockExclusive)?;
    let added = missing(&mut open, keys)?;
    open.write_all(added.as_bytes())
    // The lock falls with the file.
}

fn missing(open: &mut File, keys: &[(String, PublicKey)]) -> io::Result<String> {
    let mut bytes = Vec::new();
    open.read_to_end(&mut bytes)?;
    let there = String::from_utf8_lossy(&bytes);
    let mut added = String::new();
    for (host, key) in keys {
        let line = format!("{host} {} {}", key.algorithm().as_str(), key.public_key_base64());
        if !there.lines().chain(added.lines()).any(|old| old.trim_end() == line) {
            added.push_str(&line);
            added.push('\n');
        }
    }
    if !added.is_empty() && !bytes.is_empty() && !bytes.ends_with(b"\n") {
        added.insert(0, '\n');
    }
    Ok(added)
}
