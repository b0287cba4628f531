use std::path::{Path, PathBuf};
use std::process::Command;

use russh::keys::{Algorithm, PublicKey};

use super::*;
use crate::transport::target::{HostKeyChecking, Target};

// Made with ssh-keygen 9.2 for these tests.
const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG36W0OPIgi/TnSyA42dJiDaq9PtwBHlbwWTba783CRR";
const OTHER: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINW3i+PqfBPd9m1BV7YKtdzPJCgfv+a5lczVllSfglka";
const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBAyoMSXjCpw8WR+itukYG8OHZ03CuDCKbj5l4nFTN0KJ0qS3txVgyIzD9zCfkq9jnC+Pcu4HU6KDJkKaz3jhf7c=";
const RSA: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQCjxDuXxvkQ606vlMRqhMARPVXDzV6JLxzjB9hg1Bf9wAoKaFhJGjnswVZhOQjLqgB9/93trvdX5UlpvLr7NJKPA1oRbgdSI4CjM5uGmscl9zWoq0JWgrPtI5SlLywpXAgzso8JuwxJ065OEWtzrW6xA+9kiU2CdtObj6td2mAFOZNFt5WbwI1CEtZtxtfl1S6/BSbaUsdoNY1+wLlDRm817Oz7WcDsm6qTTHmicSRXCtJY7BBwJBOhA5Bhwy9ROM8yB6ZL0nhNcJvPL9mR6G6TP7ivDj4gGS/hwgKI1HqsctGiS2ligQwvkjRx3TNAyuoBG0HGeLcCvo0gWAUo7nBixs6boSi1yyUGZyMzzPIcJjikgOrqrH/70kR7xqXnjr+UW/DQnWUL7+Kn73osdDAb2uIaAAvDzcj/tYeu77FB/+z1AB7gljQUag7UDcqAccw+nk49Rkd7vH9vTqOqmdmFXa/IBPMSWQuB2rCLM/Fne0A5/fx0nevu98GGI+8MbPU=";

fn key(text: &str) -> PublicKey {
    PublicKey::from_openssh(text).unwrap()
}

/// A file with these lines, in which `ED`, `OTHER`, `EC` and `RSA` stand for the keys.
fn file(lines: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("known_hosts");
    let text = lines.replace("ED", ED25519).replace("OTHER", OTHER).replace("EC", ECDSA).replace("RSA", RSA);
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn verdict(lines: &str, names: &[&str], shown: &str) -> Verdict {
    let (_folder, path) = file(lines);
    let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    KnownHosts::read(&[path]).unwrap().verdict(&names, &key(shown))
}

/// `known`, `unknown`, `changed LINE`, `revoked LINE`.
fn short(verdict: Verdict) -> String {
    match verdict {
        Verdict::Known => "known".to_owned(),
        Verdict::Unknown => "unknown".to_owned(),
        Verdict::Changed { place, .. } => format!("changed {}", place.line),
        Verdict::Revoked(place) => format!("revoked {}", place.line),
    }
}

#[test]
fn a_key_is_judged() {
    let table = [
        ("a ED", &["a"][..], ED25519, "known"),
        ("a ED comment here", &["a"], ED25519, "known"),
        ("a ED", &["b"], ED25519, "unknown"),
        ("", &["a"], ED25519, "unknown"),
        ("a ED", &["a"], OTHER, "changed 1"),
        // Several keys a host: any of its type will do.
        ("a ED\na OTHER\na RSA", &["a"], OTHER, "known"),
        ("# comment\n\na RSA\na ED", &["a"], OTHER, "changed 4"),
        // Only other types are known.
        ("a RSA", &["a"], ED25519, "changed 1"),
        // Names: one match is enough, a contradiction under another is a change, another type there is none.
        ("a ED", &["10.0.0.1", "a"], ED25519, "known"),
        ("10.0.0.1 OTHER\na ED", &["10.0.0.1", "a"], ED25519, "changed 1"),
        ("10.0.0.1 RSA\na ED", &["10.0.0.1", "a"], ED25519, "known"),
        ("a,10.0.0.1 ED", &["10.0.0.1"], ED25519, "known"),
        // Ports are part of the name.
        ("a ED", &["[a]:2222"], ED25519, "unknown"),
        ("[a]:2222 ED", &["[a]:2222"], ED25519, "known"),
        ("[a]:2222 ED", &["a"], OTHER, "unknown"),
        ("[fe80::1]:2222 ED", &["[fe80::1]:2222"], OTHER, "changed 1"),
        // Patterns, case, negation in either order.
        ("*.lan ED", &["server1.lan"], ED25519, "known"),
        ("10.0.0.? ED", &["10.0.0.12"], ED25519, "unknown"),
        ("10.0.0.? ED", &["10.0.0.1"], ED25519, "known"),
        ("*.lan,!bad.lan ED", &["bad.lan"], ED25519, "unknown"),
        ("!bad.lan,*.lan ED", &["bad.lan"], OTHER, "unknown"),
        ("!bad.lan,*.lan ED", &["good.lan"], OTHER, "changed 1"),
        ("SERVER1 ED", &["server1"], ED25519, "known"),
        // Markers.
        ("@revoked a ED", &["a"], ED25519, "revoked 1"),
        ("a ED\n@revoked * ED", &["a"], ED25519, "revoked 2"),
        ("@revoked a OTHER", &["a"], ED25519, "unknown"),
        ("@cert-authority * ED", &["a"], ED25519, "unknown"),
        ("@cert-authority * OTHER\na ED", &["a"], ED25519, "known"),
        // What is not understood is passed over.
        ("a\na ssh-ed25519\na ssh-ed25519 AAAA\n@new a ED\n|1|x|y ED\n|1|\na ED", &["a"], ED25519, "known"),
        ("a ED\r\n", &["a"], ED25519, "known"),
        ("\u{feff}a ED\na ED", &["a"], ED25519, "known"),
    ];
    for (lines, names, shown, expected) in table {
        assert_eq!(short(verdict(lines, names, shown)), expected, "{lines:?} {names:?}");
    }
}

#[test]
fn names_hashed_by_ssh_keygen_are_found() {
    let (_folder, path) = file("a,10.0.0.1 ED\n[a]:2222 OTHER\n");
    let hashed = Command::new("ssh-keygen").arg("-H").arg("-f").arg(&path).output().unwrap();
    assert!(hashed.status.success(), "{hashed:?}");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("10.0.0.1") && text.starts_with("|1|"), "{text}");
    let known = KnownHosts::read(&[path]).unwrap();
    for (name, shown, expected) in [
        ("a", ED25519, "known"),
        ("10.0.0.1", ED25519, "known"),
        ("10.0.0.2", ED25519, "unknown"),
        ("[a]:2222", OTHER, "known"),
        ("[a]:2222", ED25519, "changed 3"),
    ] {
        assert_eq!(short(known.verdict(&[name.to_owned()], &key(shown))), expected, "{name}\n{text}");
    }
}

#[test]
fn the_remedy_is_a_command_that_works() {
    for host in ["a", "[a]:2222"] {
        let (folder, path) = file(&format!("{host} ED\nb ED\n"));
        let spaced = folder.path().join("known hosts");
        std::fs::rename(&path, &spaced).unwrap();
        let names = [host.to_owned()];
        let verdict = KnownHosts::read(std::slice::from_ref(&spaced)).unwrap().verdict(&names, &key(OTHER));
        let Verdict::Changed { remedy, host: about, .. } = verdict else { panic!("{verdict:?}") };
        assert_eq!(about, host);
        assert!(remedy.starts_with("ssh-keygen -f '/"), "{remedy}");
        assert!(Command::new("sh").arg("-c").arg(&remedy).output().unwrap().status.success(), "{remedy}");
        let known = KnownHosts::read(&[spaced]).unwrap();
        assert!(!known.knows(&names) && known.knows(&["b".to_owned()]));
    }
}

#[test]
fn several_files_are_one() {
    let (_a, first) = file("a ED\n");
    let (_b, second) = file("b RSA\na EC\n");
    let missing = PathBuf::from("/nonexistent/known_hosts");
    let known = KnownHosts::read(&[missing, first, second.clone()]).unwrap();
    assert_eq!(known.key_types(&["a".to_owned()]), [key(ED25519).algorithm(), key(ECDSA).algorithm()]);
    assert_eq!(known.key_types(&["b".to_owned()]), [Algorithm::Rsa { hash: None }]);
    let Verdict::Changed { place, .. } = known.verdict(&["b".to_owned()], &key(ED25519)) else { panic!() };
    assert_eq!((place.file, place.line), (second, 1));
}

#[test]
fn a_file_that_cannot_be_read_is_no_empty_file() {
    let folder = tempfile::tempdir().unwrap();
    assert!(KnownHosts::read(&[folder.path().to_owned()]).unwrap_err().contains("cannot read"));
}

#[test]
fn a_new_key_is_appended_once() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".ssh").join("known_hosts");
    let pairs = [("a".to_owned(), key(ED25519)), ("[b]:2222".to_owned(), key(RSA)), ("a".to_owned(), key(ED25519))];
    append(&path, &pairs, false).unwrap();
    append(&path, &pairs, false).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("a {ED25519}\n[b]:2222 {RSA}\n"));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o600));
    // As `ssh` reads it.
    let found = Command::new("ssh-keygen").args(["-F", "[b]:2222", "-f"]).arg(&path).output().unwrap();
    assert!(found.status.success(), "{found:?}");
}

#[test]
fn a_file_without_a_final_newline_is_continued_on_a_new_line() {
    let (_folder, path) = file("a ED");
    append(&path, &[("b".to_owned(), key(OTHER))], false).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("a {ED25519}\nb {OTHER}\n"));
}

#[test]
fn writers_side_by_side_tear_nothing() {
    let (_folder, path) = file("");
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let path = &path;
            scope.spawn(move || {
                for host in 0..20 {
                    // Every second host is written by all of them.
                    let name = if host % 2 == 0 { format!("h{host}") } else { format!("h{host}-{writer}") };
                    append(path, &[(name, key(RSA))], false).unwrap();
                }
            });
        }
    });
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.lines().all(|line| line.ends_with(RSA)), "{text}");
    assert_eq!(text.lines().count(), 10 + 10 * 8);
}

#[test]
fn a_hashed_name_is_found_by_ssh_and_by_us_and_not_written_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("known_hosts");
    let pairs = [("[b]:2222".to_owned(), key(ED25519))];
    append(&path, &pairs, true).unwrap();
    append(&path, &pairs, true).unwrap();
    append(&path, &pairs, false).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("|1|") && text.lines().count() == 1, "{text}");
    assert!(KnownHosts::read(std::slice::from_ref(&path)).unwrap().knows(&["[b]:2222".to_owned()]));
    let found = Command::new("ssh-keygen").args(["-F", "[b]:2222", "-f"]).arg(&path).output().unwrap();
    assert!(found.status.success(), "{found:?}");
}

/// What `ssh` is told, `-` for nothing.
fn lookup(lines: &str, port: u16) -> String {
    let (_folder, path) = file(lines);
    let mut target = Target::new("a".into(), "10.0.0.1", "root");
    (target.port, target.known_hosts) = (port, vec![path.clone()]);
    target.host_key_names = vec!["10.0.0.1".to_owned(), "a".to_owned()];
    match host_key_alias(&target) {
        Ok(alias) => alias.unwrap_or_else(|| "-".to_owned()),
        Err(error) => error.to_string().replace(&path.display().to_string(), ""),
    }
}

#[test]
fn ssh_looks_a_key_up_where_it_is_known() {
    let no = "the host keys known as 10.0.0.1 and a contradict each other: ";
    let rest = "; find out which one is right, and delete the other";
    for (lines, port, told) in [
        ("", 22, "-"),
        ("b ED", 22, "-"),
        ("10.0.0.1 ED", 22, "-"),
        ("10.0.0.1 ED\na ED", 22, "-"),
        ("a ED", 22, "a"),
        ("A,10.0.0.1 ED", 22, "-"),
        ("a ED", 2222, "-"),
        ("[a]:2222 ED", 2222, "[a]:2222"),
        // The name under which more is known.
        ("10.0.0.1 RSA\na ED\na RSA", 22, "a"),
        // Under the address is one that the name contradicts, but not the other way round.
        ("10.0.0.1 ED\n10.0.0.1 OTHER\na OTHER", 22, "a"),
        ("10.0.0.1 ED\na OTHER", 22, &[no, ":1 and :2", rest].concat()),
        ("10.0.0.1 ED\n@revoked * ED", 22, &[no, ":1 and :2", rest].concat()),
        ("@cert-authority a ED", 22, "a"),
        ("@cert-authority * ED", 2222, "a"),
        ("@cert-authority 10.0.0.1 ED", 22, "-"),
    ] {
        assert_eq!(lookup(lines, port), told, "{lines} {port}");
    }
}

#[test]
fn ssh_config_has_the_last_word_on_the_name() {
    let (_folder, path) = file("a ED\nb OTHER");
    let mut target = Target::new("a".into(), "10.0.0.1", "root");
    target.known_hosts = vec![path];
    target.host_key_alias = Some("b".to_owned());
    assert_eq!(host_key_alias(&target).unwrap(), None);
    target.host_key_alias = None;
    target.host_key_names = vec!["b".to_owned(), "a".to_owned()];
    assert!(host_key_alias(&target).is_err());
    target.host_key_checking = HostKeyChecking::Off;
    assert_eq!(host_key_alias(&target).unwrap(), None);
}

#[test]
fn what_is_appended_is_read_on_and_what_is_changed_is_not() {
    let (_folder, path) = file("a ED\n");
    let files = [path.clone()];
    let mut known = KnownHosts::read(&files).unwrap();
    let names = |name: &str| [name.to_owned()];
    assert!(known.is_current(&files) && !known.knows(&names("b")));
    append(&path, &[("b".to_owned(), key(OTHER))], false).unwrap();
    assert!(!known.is_current(&files) && known.read_on(&files).unwrap() && known.is_current(&files));
    assert_eq!(short(known.verdict(&names("b"), &key(ED25519))), "changed 2");
    append(&path, &[("c".to_owned(), key(OTHER))], true).unwrap();
    assert!(!known.knows(&names("c")) && known.read_on(&files).unwrap() && known.knows(&names("c")));
    // Without its end a line may be half of one; another file is read as a whole.
    std::fs::write(&path, format!("a {ED25519}\nb {OTHER}\nc {OTHER}\nd {OTHER}")).unwrap();
    assert!(KnownHosts::read(&files).unwrap().knows(&names("d")));
    let mut half = KnownHosts::read(&files).unwrap();
    append(&path, &[("e".to_owned(), key(OTHER))], false).unwrap();
    assert!(!half.read_on(&files).unwrap());
    let mut whole = KnownHosts::read(&files).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(!whole.is_current(&files) && !whole.read_on(&files).unwrap() && !whole.is_current(&files));
}
