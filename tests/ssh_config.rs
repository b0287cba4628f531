//! `ssh_config` as `ssh -G` reads it: every configuration in `fixtures/ssh_config`, and every host that its first line
//! names.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use bricklayer::transport::ssh_config::{Agent, Answer, ConfigError, HostSettings, SshConfig, ask_ssh};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ssh_config")
}

/// The configurations of a folder, copied to where their includes are found; with what their first line says.
fn cases(folder: &Path, to: &Path) -> Vec<(PathBuf, String)> {
    let mut cases = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "conf") {
            let text = fs::read_to_string(&path).unwrap().replace("DIR", &fixtures().to_string_lossy());
            let copy = to.join(path.file_name().unwrap());
            fs::write(&copy, &text).unwrap();
            let (_, first) = text.lines().next().unwrap().split_once(": ").unwrap();
            cases.push((copy, first.to_owned()));
        }
    }
    cases.sort();
    cases
}

fn settings(answer: &Answer, name: &str) -> Result<HostSettings, String> {
    HostSettings::read(answer, name, name, "me")
}

fn read(file: &Path, name: &str) -> Result<Answer, ConfigError> {
    SshConfig::only(file)?.ask(name, None, None)
}

#[test]
fn every_configuration_is_read_as_ssh_reads_it() {
    let temp = tempfile::tempdir().unwrap();
    let cases = cases(&fixtures(), temp.path());
    assert!(cases.len() >= 40, "{} configurations", cases.len());
    let mut wrong = Vec::new();
    for (file, names) in &cases {
        for name in names.split_whitespace() {
            // What `ssh` does where nothing is said.
            let usual = ask_ssh(Some(Path::new("/dev/null")), name).unwrap();
            let ours = settings(&read(file, name).unwrap().or(usual), name);
            let theirs = settings(&ask_ssh(Some(file), name).unwrap(), name);
            if ours != theirs {
                wrong.push(format!("{} for {name}\n  ours   {ours:?}\n  theirs {theirs:?}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_makes_no_sense_is_said_with_its_place() {
    let temp = tempfile::tempdir().unwrap();
    for (file, says) in cases(&fixtures().join("broken"), temp.path()) {
        let said = match read(&file, "web1") {
            Ok(answer) => settings(&answer, "web1").unwrap_err(),
            Err(error) => error.to_string(),
        };
        assert!(said.contains(&says), "{}: {said}", file.display());
    }
}

#[test]
fn a_keyword_that_is_not_known_is_named() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("config");
    fs::write(&file, "Host web1\n  Usr admin\n  ForwardAgent no\n").unwrap();
    let unknown = SshConfig::only(&file).unwrap().unknown();
    assert_eq!(unknown.len(), 1);
    assert!(unknown[0].to_string().ends_with("config:2: `usr` is not known here and not heeded"), "{}", unknown[0]);
}

#[test]
fn a_block_that_speaks_of_a_host_is_told_from_one_for_all() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("config");
    fs::write(&file, "Host web?\n  User admin\nHost *\n  Port 22\n").unwrap();
    let config = SshConfig::only(&file).unwrap();
    assert!(config.mentions("web1") && !config.mentions("db1"));
}

#[test]
fn where_ssh_is_asked_the_address_and_the_keys_of_others_stand() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("config");
    fs::write(&file, "Match host server*\n  User admin\n").unwrap();
    let answer = read(&file, "server1").unwrap();
    let said = HostSettings::read(&answer, "server1", "10.0.0.1", "me").unwrap();
    assert_eq!((said.host_name, said.identity_files, said.user.as_deref()), (None, None, Some("admin")));
    fs::write(&file, "Match host server1\n  HostName 10.9.9.9\n  IdentityFile ~/.ssh/id_rsa\n").unwrap();
    let said = settings(&read(&file, "server1").unwrap(), "server1").unwrap();
    assert_eq!(said.host_name.as_deref(), Some("10.9.9.9"));
    assert_eq!(said.identity_files.unwrap().len(), 1);
}

#[test]
fn a_match_hears_of_the_user_and_the_port_that_are_known() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("config");
    let text = "Match user admin\n  IdentityAgent none\nMatch exec \"test %p = 2222\"\n  HostKeyAlias other\n";
    fs::write(&file, text).unwrap();
    for (user, port, none, alias) in [(None, None, false, None), (Some("admin"), Some(2222), true, Some("other"))] {
        let answer = SshConfig::only(&file).unwrap().ask("server1", user, port).unwrap();
        let said = settings(&answer, "server1").unwrap();
        assert_eq!((matches!(said.agent, Agent::None), said.host_key_alias.as_deref()), (none, alias));
    }
}

#[test]
fn what_says_whom_we_may_talk_to_and_is_not_heeded_is_warned_of() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("config");
    fs::write(&file, "KnownHostsCommand /bin/known\n").unwrap();
    let unknown = SshConfig::only(&file).unwrap().unknown();
    assert!(unknown[0].to_string().contains("`knownhostscommand` is not known here and not heeded"), "{unknown:?}");
}
