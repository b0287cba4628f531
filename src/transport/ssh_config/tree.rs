//! The files: read, with what they include, into lines in their blocks.

use std::path::{Path, PathBuf};

use super::answer::{Answer, Undecided};
use super::words;
use crate::model::pattern;

/// OpenSSH's own bound (`readconf.c`, `READCONF_MAX_DEPTH`).
const DEEPEST: usize = 16;

/// What is wrong with the configuration, where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {what}", file.display())]
pub struct ConfigError {
    /// The file.
    pub file: PathBuf,
    /// From 1; 0 where it is the whole file.
    pub line: usize,
    /// In words.
    pub what: String,
}

/// A file.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    file: PathBuf,
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    number: usize,
    keyword: String,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Host(Vec<String>),
    /// `Match all` holds for all; others are not for us.
    Match {
        all: bool,
    },
    Include(Vec<Tree>),
    Value {
        words: Vec<String>,
        /// As it is written: commands are not split.
        text: String,
    },
}

impl Tree {
    /// `folder`: where relative includes are looked for.
    pub(super) fn read(file: &Path, folder: &Path) -> Result<Self, ConfigError> {
        Self::at_depth(file, folder, 0)
    }

    fn at_depth(file: &Path, folder: &Path, depth: usize) -> Result<Self, ConfigError> {
        let wrong = |line: usize, what: String| ConfigError { file: file.to_owned(), line, what };
        if depth > DEEPEST {
            return Err(wrong(0, format!("files include each other more than {DEEPEST} deep")));
        }
        let bytes = std::fs::read(file).map_err(|error| wrong(0, format!("it cannot be read: {error}")))?;
        let mut lines = Vec::new();
        for (at, line) in String::from_utf8_lossy(&bytes).lines().enumerate() {
            let Some((keyword, rest)) = words::split(line) else { continue };
            let number = at + 1;
            let words = words::arguments(rest).map_err(|what| wrong(number, what.to_owned()))?;
            if words.is_empty() {
                return Err(wrong(number, format!("`{keyword}` has no value")));
            }
            let what = match keyword.as_str() {
                "host" => What::Host(words),
                "match" => What::Match { all: words.len() == 1 && words[0].eq_ignore_ascii_case("all") },
                "include" => What::Include(included(&words, folder, depth).map_err(|error| match error {
                    Included::Inside(error) => error,
                    Included::Pattern(what) => wrong(number, what),
                })?),
                _ => What::Value { words, text: rest.to_owned() },
            };
            lines.push(Line { number, keyword, what });
        }
        Ok(Self { file: file.to_owned(), lines })
    }

    /// Adds what this file says of a host to what is known of it.
    pub(super) fn answer(&self, name: &str, answer: &mut Answer) -> Result<(), Undecided> {
        self.walk(name, true, answer)
    }

    // Lines before the first block hold for all; in a file that is included from a block, only where that holds.
    fn walk(&self, name: &str, holds: bool, answer: &mut Answer) -> Result<(), Undecided> {
        let mut active = holds;
        for line in &self.lines {
            let undecided =
                |what: &str| Undecided { file: self.file.clone(), line: line.number, what: what.to_owned() };
            match &line.what {
                What::Host(patterns) => active = holds && pattern::any(patterns, name),
                What::Match { all: true } => active = holds,
                What::Match { all: false } if !holds => active = false,
                What::Match { all: false } => return Err(undecided("`Match`")),
                What::Include(trees) => trees.iter().try_for_each(|tree| tree.walk(name, active, answer))?,
                What::Value { words, text } if active => {
                    if line.keyword == "canonicalizehostname" && !words[0].eq_ignore_ascii_case("no") {
                        return Err(undecided("`CanonicalizeHostname`"));
                    }
                    answer.add(&line.keyword, words, text);
                }
                What::Value { .. } => {}
            }
        }
        Ok(())
    }

    pub(super) fn mentions(&self, name: &str) -> bool {
        self.lines.iter().any(|line| match &line.what {
            What::Host(patterns) => !patterns.iter().any(|pattern| pattern == "*") && pattern::any(patterns, name),
            What::Include(trees) => trees.iter().any(|tree| tree.mentions(name)),
            What::Match { .. } | What::Value { .. } => false,
        })
    }

    pub(super) fn unknown(&self) -> Vec<ConfigError> {
        let mut found = Vec::new();
        for line in &self.lines {
            match &line.what {
                What::Include(trees) => found.extend(trees.iter().flat_map(Self::unknown)),
                What::Value { .. } if !super::answer::is_known(&line.keyword) => found.push(ConfigError {
                    file: self.file.clone(),
                    line: line.number,
                    what: format!("`{}` is not known here and not heeded", line.keyword),
                }),
                _ => {}
            }
        }
        found
    }
}

enum Included {
    Inside(ConfigError),
    Pattern(String),
}

// What matches nothing, or cannot be opened, is passed over, as OpenSSH does.
fn included(patterns: &[String], folder: &Path, depth: usize) -> Result<Vec<Tree>, Included> {
    let mut trees = Vec::new();
    for pattern in patterns {
        let path = super::settings::home(pattern);
        let path = if Path::new(&path).is_absolute() { PathBuf::from(path) } else { folder.join(path) };
        let found = glob::glob(&path.to_string_lossy())
            .map_err(|error| Included::Pattern(format!("`{pattern}` is no pattern of files: {error}")))?;
        for file in found.filter_map(Result::ok).filter(|file| std::fs::File::open(file).is_ok() && file.is_file()) {
            trees.push(Tree::at_depth(&file, folder, depth + 1).map_err(Included::Inside)?);
        }
    }
    Ok(trees)
}
