//! Key files, each read and parsed once for the whole fleet.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::Secret;
use russh::keys::{
    Certificate, Error, PrivateKey, PublicKey, decode_secret_key, load_openssh_certificate, load_public_key, ssh_key,
};

/// What a key file turned out to be.
#[derive(Clone, Debug)]
pub(super) enum KeyFile {
    /// A private key, ready for use.
    Private(Arc<PrivateKey>),
    /// A private key under a passphrase; its public half, if that could be had.
    Locked(Option<PublicKey>),
    /// A public key: the agent has to have the other half, as OpenSSH allows.
    Public(PublicKey),
    Missing,
    /// Why it is of no use.
    Unusable(String),
}

/// All key files read so far.
#[derive(Default)]
pub(super) struct KeyFiles {
    keys: Mutex<HashMap<PathBuf, KeyFile>>,
    certificates: Mutex<HashMap<PathBuf, Option<Certificate>>>,
}

impl KeyFiles {
    pub(super) fn load(&self, path: &Path) -> KeyFile {
        // The lock is held while parsing: a hundred nodes want the same file at once, and it is parsed once.
        let mut files = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        files.entry(path.to_owned()).or_insert_with(|| read(path)).clone()
    }

    /// Opens a file that is locked; false where the passphrase is not the right one.
    pub(super) fn unlock(&self, path: &Path, passphrase: &Secret) -> bool {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let file = match decode_secret_key(&text, Some(passphrase.reveal())) {
            Ok(key) => KeyFile::Private(Arc::new(key)),
            // It was deciphered: a wrong passphrase is found before that.
            Err(error) if is_unread(&error) => KeyFile::Unusable(unread(path, &error)),
            Err(_) => return false,
        };
        let mut files = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(path.to_owned(), file);
        true
    }

    /// Whether a passphrase is of use: russh does not decipher the PEM of elliptic curves, which the agent has to hold.
    pub(super) fn is_openable(path: &Path) -> bool {
        std::fs::read_to_string(path).is_ok_and(|text| !text.contains("BEGIN EC PRIVATE KEY"))
    }

    /// The certificate in a file, if there is one that can be read.
    pub(super) fn certificate(&self, path: &Path) -> Option<Certificate> {
        let mut files = self.certificates.lock().unwrap_or_else(PoisonError::into_inner);
        files.entry(path.to_owned()).or_insert_with(|| load_openssh_certificate(path).ok()).clone()
    }
}

// Of the ecdsa keys in OpenSSH's own format, one of 512 has a number that begins with zeros and is written without them, which
// ssh-key 0.7 takes for too short (its `EcdsaPrivateKey::decode`; found by a test that made many). PKCS#8 writes them.
fn is_unread(error: &Error) -> bool {
    matches!(error, Error::SshKey(ssh_key::Error::Encoding(_)))
}

fn unread(path: &Path, error: &Error) -> String {
    let path = path.display();
    format!(
        "`{path}` cannot be read here ({error}); where `ssh` can, as with a few ecdsa keys, hand it to the agent (`ssh-add {path}`) or \
         write it in the other format (`ssh-keygen -p -m PKCS8 -f {path}`)"
    )
}

fn read(path: &Path) -> KeyFile {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return KeyFile::Missing,
        Err(error) => return KeyFile::Unusable(format!("cannot read `{}`: {error}", path.display())),
    };
    match decode_secret_key(&text, None) {
        Ok(key) => KeyFile::Private(Arc::new(key)),
        Err(Error::KeyIsEncrypted) => KeyFile::Locked(public_half(path, &text)),
        // PEM says so in its header (RFC 1421, RFC 7468); russh then fails on what it takes for the key.
        Err(_) if text.contains("ENCRYPTED") => KeyFile::Locked(public_half(path, &text)),
        Err(error) => match load_public_key(path) {
            Ok(key) => KeyFile::Public(key),
            Err(_) if is_unread(&error) => KeyFile::Unusable(unread(path, &error)),
            Err(_) => KeyFile::Unusable(format!("`{}` is no private key: {error}", path.display())),
        },
    }
}

/// An OpenSSH key file shows its public half even under a passphrase; for PEM there may be a `.pub` beside it.
fn public_half(path: &Path, text: &str) -> Option<PublicKey> {
    let beside = || {
        let mut name = path.as_os_str().to_owned();
        name.push(".pub");
        load_public_key(PathBuf::from(name)).ok()
    };
    PrivateKey::from_openssh(text).map(|key| key.public_key().clone()).ok().or_else(beside)
}

/// The files OpenSSH offers when none is named, those of the types that are in use.
pub(super) fn defaults() -> Vec<PathBuf> {
    let Some(home) = std::env::home_dir() else { return Vec::new() };
    ["id_ed25519", "id_ecdsa", "id_rsa"].map(|name| home.join(".ssh").join(name)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keygen(args: &[&str], path: &Path) {
        let made = std::process::Command::new("ssh-keygen").arg("-q").args(args).arg("-f").arg(path).output().unwrap();
        assert!(made.status.success(), "{made:?}");
    }

    // One of 512 is so: some seconds.
    fn short(path: &Path) {
        for _ in 0..20_000 {
            keygen(&["-t", "ecdsa", "-N", ""], path);
            if matches!(read(path), KeyFile::Unusable(_)) {
                return;
            }
            std::fs::remove_file(path).unwrap();
        }
        panic!("all of them are read now: the remedy is out of date");
    }

    #[test]
    fn a_key_that_is_not_read_is_not_called_a_wrong_passphrase_and_its_other_format_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let [plain, locked, pkcs8] = ["plain", "locked", "pkcs8"].map(|name| folder.path().join(name));
        short(&plain);
        for (path, args) in [
            (&locked, &["-p", "-a", "1", "-P", "", "-N", "secret"][..]),
            (&pkcs8, &["-p", "-P", "", "-N", "", "-m", "PKCS8"][..]),
        ] {
            std::fs::copy(&plain, path).unwrap();
            keygen(args, path);
        }
        let files = KeyFiles::default();
        let said = |path: &Path| match files.load(path) {
            KeyFile::Unusable(why) => why,
            other => panic!("{other:?}"),
        };
        assert!(said(&plain).contains(&format!("ssh-keygen -p -m PKCS8 -f {}", plain.display())), "{}", said(&plain));
        assert!(matches!(files.load(&locked), KeyFile::Locked(Some(_))));
        assert!(!files.unlock(&locked, &Secret::new("wrong".to_owned())));
        assert!(files.unlock(&locked, &Secret::new("secret".to_owned())));
        assert!(said(&locked).contains("ssh-add"), "{}", said(&locked));
        assert!(matches!(files.load(&pkcs8), KeyFile::Private(_)));
    }
}
