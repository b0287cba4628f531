//! Writing down a new host key.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use russh::keys::{PublicKey, PublicKeyBase64 as _};
use rustix::fs::{FlockOperation, flock};
use rustix::rand::{GetRandomFlags, getrandom};

use super::line::{Hosts, Line, Mark};

/// As long as the hash, as OpenSSH has it (`hostfile.c`, `host_hash`).
const SALT: usize = 20;

/// Appends `host keytype base64` for each pair, as OpenSSH would, unless the file says so already; with `hash`, so that
/// nobody reads the host in it (`HashKnownHosts`). The folder
/// is made with mode 0700 and the file with 0600. The file is locked while it is read and written, so that runs of
/// ours side by side neither tear a line nor write it twice; OpenSSH itself appends without a lock, one write a line,
/// and so do we.
pub(crate) fn append(file: &Path, keys: &[(String, PublicKey)], hash: bool) -> io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.exists()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut open = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(file)?;
    flock(&open, FlockOperation::LockExclusive)?;
    let added = missing(&mut open, keys, hash)?;
    open.write_all(added.as_bytes())
    // The lock falls with the file.
}

fn missing(open: &mut File, keys: &[(String, PublicKey)], hash: bool) -> io::Result<String> {
    let mut bytes = Vec::new();
    open.read_to_end(&mut bytes)?;
    let there = String::from_utf8_lossy(&bytes);
    let mut added = String::new();
    for (host, key) in keys {
        let base64 = key.public_key_base64();
        let says_so = |line: &str| match Line::parse(line) {
            Line::Entry(entry) => entry.mark == Mark::Key && entry.key == *key && entry.hosts.matches(host),
            Line::Nothing | Line::Malformed(_) => false,
        };
        // Few lines can say so; to read all would cost, as it is done for each new host of a fleet.
        let has_it =
            |line: &&str| line.contains(&base64) && (line.contains(host.as_str()) || line.contains(['*', '?', '|']));
        if !there.lines().chain(added.lines()).filter(has_it).any(says_so) {
            let host = if hash { Hosts::hashed(host, salt()?).to_string() } else { host.clone() };
            added.push_str(&[&host, " ", key.algorithm().as_str(), " ", &base64, "\n"].concat());
        }
    }
    if !added.is_empty() && !bytes.is_empty() && !bytes.ends_with(b"\n") {
        added.insert(0, '\n');
    }
    Ok(added)
}

fn salt() -> io::Result<Vec<u8>> {
    let mut salt = vec![0; SALT];
    let got = getrandom(&mut salt[..], GetRandomFlags::empty())?;
    if got == SALT { Ok(salt) } else { Err(io::Error::other("too few random bytes")) }
}
