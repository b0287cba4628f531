//! Keys that nobody may use any more (`RevokedHostKeys`): a list of public keys, or one that `ssh-keygen -k` has made.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use russh::keys::{PublicKey, PublicKeyOrCertificate};

/// How OpenSSH's own lists begin (`PROTOCOL.krl`); only `ssh-keygen` reads them here.
const KRL: &[u8] = b"SSHKRL\n\0";

/// Where a file revokes what a host has shown, or the authority that has signed it: as `FILE:LINE`, or the file alone. `Err`
/// is that this cannot be known: then no host is to be believed (`ssh_config(5)`, `RevokedHostKeys`).
pub(crate) fn revoked(file: &Path, shown: &PublicKeyOrCertificate) -> Result<Option<String>, String> {
    let unsure = |why: &str| format!("no host key is believed without `{}` (`RevokedHostKeys`): {why}", file.display());
    let bytes = std::fs::read(file).map_err(|error| unsure(&error.to_string()))?;
    if bytes.starts_with(KRL) {
        return ask(file, shown).map_err(|why| unsure(&why));
    }
    let mut keys = vec![shown.public_key().key_data().clone()];
    keys.extend(shown.certificate().map(|certificate| certificate.signature_key().clone()));
    for (at, line) in String::from_utf8_lossy(&bytes).lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = format!("{}:{}", file.display(), at + 1);
        let key =
            PublicKey::from_openssh(line).map_err(|error| unsure(&format!("{place} is no public key: {error}")))?;
        if keys.contains(key.key_data()) {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

fn ask(file: &Path, shown: &PublicKeyOrCertificate) -> Result<Option<String>, String> {
    let key = match shown.certificate() {
        Some(certificate) => certificate.to_openssh(),
        None => shown.public_key().to_openssh(),
    };
    let key = key.map_err(|error| error.to_string())?;
    let mut command = Command::new("ssh-keygen");
    command.arg("-Q").arg("-f").arg(file).arg("/dev/stdin").stdin(Stdio::piped());
    crate::transport::without_passwords(&mut command);
    let mut run = || {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(key.as_bytes())?;
        }
        child.wait_with_output()
    };
    let out = run().map_err(|error| format!("`ssh-keygen` cannot be run: {error}"))?;
    match (out.status.success(), String::from_utf8_lossy(&out.stdout).contains("REVOKED")) {
        (_, true) => Ok(Some(file.display().to_string())),
        (true, false) => Ok(None),
        (false, false) => Err(String::from_utf8_lossy(&out.stderr).trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keygen(arguments: &[&str], folder: &Path) {
        let done =
            Command::new("ssh-keygen").args(arguments).current_dir(folder).stdin(Stdio::null()).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }

    #[test]
    fn lists_of_both_kinds_are_understood_and_others_refuse_all() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let key = |name: &str| {
            keygen(&["-q", "-t", "ed25519", "-N", "", "-C", "c", "-f", name], folder.path());
            PublicKeyOrCertificate::from(PublicKey::read_openssh_file(at(&format!("{name}.pub"))).unwrap())
        };
        let (good, bad) = (key("good"), key("bad"));
        let line = std::fs::read_to_string(at("bad.pub")).unwrap();
        std::fs::write(at("list"), format!("# lost\n\n{line}")).unwrap();
        keygen(&["-q", "-k", "-f", "krl", "bad.pub"], folder.path());
        let place = format!("{}:3", at("list").display());
        assert_eq!(revoked(&at("list"), &bad), Ok(Some(place)));
        assert_eq!(revoked(&at("krl"), &bad), Ok(Some(at("krl").display().to_string())));
        for list in ["list", "krl"] {
            assert_eq!(revoked(&at(list), &good), Ok(None), "{list}");
        }
        std::fs::write(at("cut"), &std::fs::read(at("krl")).unwrap()[..20]).unwrap();
        std::fs::write(at("garbled"), "ssh-ed25519 AAA\n").unwrap();
        for (list, says) in [("none", "No such file"), ("cut", "cut"), ("garbled", "garbled:1 is no public key")] {
            let why = revoked(&at(list), &good).unwrap_err();
            assert!(why.starts_with("no host key is believed without") && why.contains(says), "{why}");
        }
    }
}
