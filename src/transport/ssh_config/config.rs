//! The files of one user, and what they say of a host.

use std::path::{Path, PathBuf};

use super::answer::{Answer, Undecided};
use super::oracle;
use super::tree::{ConfigError, Tree};

/// The files of one user, read once.
#[derive(Clone, Debug, Default)]
pub struct SshConfig {
    /// In the order in which they are asked: the first value counts.
    trees: Vec<Tree>,
    /// To be given to `ssh -F`, where it is not the usual files.
    only: Option<PathBuf>,
}

impl SshConfig {
    /// `~/.ssh/config` and `/etc/ssh/ssh_config`, those that exist.
    pub fn usual() -> Result<Self, ConfigError> {
        let user = std::env::home_dir().map(|home| home.join(".ssh"));
        let mut trees = Vec::new();
        for folder in user.into_iter().chain([PathBuf::from("/etc/ssh")]) {
            let name = if folder == Path::new("/etc/ssh") { "ssh_config" } else { "config" };
            let file = folder.join(name);
            if file.exists() {
                trees.push(Tree::read(&file, &folder)?);
            }
        }
        Ok(Self { trees, only: None })
    }

    /// This file alone, as `ssh -F` reads it.
    pub fn only(file: &Path) -> Result<Self, ConfigError> {
        let includes = std::env::home_dir().unwrap_or_default().join(".ssh");
        Ok(Self { trees: vec![Tree::read(file, &includes)?], only: Some(file.to_owned()) })
    }

    /// What holds for a host that somebody would call by this name, with this user (`-l`) and this port (`-p`) where
    /// they are known: a `Match` may ask for them.
    pub fn ask(&self, name: &str, user: Option<&str>, port: Option<u16>) -> Result<Answer, ConfigError> {
        let mut answer = Answer::default();
        for tree in &self.trees {
            if let Err(Undecided { file, line, what }) = tree.answer(name, &mut answer) {
                return oracle::ask(self.only.as_deref(), name, (user, port)).map_err(|why| ConfigError {
                    file,
                    line,
                    what: format!("{what} is for `ssh -G` to decide: {why}"),
                });
            }
        }
        Ok(answer)
    }

    /// Does a block speak of this name in particular?
    pub fn mentions(&self, name: &str) -> bool {
        self.trees.iter().any(|tree| tree.mentions(name))
    }

    /// Lines with a keyword that is not known, as `FILE:LINE: KEYWORD`.
    pub fn unknown(&self) -> Vec<ConfigError> {
        self.trees.iter().flat_map(Tree::unknown).collect()
    }
}

/// What `ssh -G` says of a host, by the usual files or by one alone: slower, and never wrong. `Err` says why there is
/// no answer.
pub fn ask_ssh(only: Option<&Path>, name: &str) -> Result<Answer, String> {
    oracle::ask(only, name, (None, None))
}
