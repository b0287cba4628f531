//! What the probe's sections answered.

use std::collections::BTreeMap;

/// The answer to one section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Exit code of the section.
    pub code: i32,
    /// Standard output.
    pub text: String,
    /// The last lines of standard error.
    pub stderr: String,
}

impl Answer {
    /// The text without surrounding white space, if the section ended with 0.
    pub fn ok(&self) -> Option<&str> {
        (self.code == 0).then(|| self.text.trim())
    }
}

/// The key of a section about one part of a service.
pub(super) fn part_key(key: &str, part: &str) -> String {
    format!("{key}@{part}")
}

/// All answers of a node, by section key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers(BTreeMap<String, Answer>);

impl Answers {
    /// The answer to a section.
    pub fn get(&self, key: &str) -> Option<&Answer> {
        self.0.get(key)
    }

    /// The answers as if there were only this part: what was asked of it, and of no part.
    #[must_use]
    pub fn of_part(&self, part: &str) -> Self {
        let tail = part_key("", part);
        let mut answers = self.0.clone();
        answers.extend(
            self.0.iter().filter_map(|(key, answer)| Some((key.strip_suffix(&tail)?.to_owned(), answer.clone()))),
        );
        Self(answers)
    }

    /// Answers made by hand, for tests and simulators.
    pub fn of(answers: impl IntoIterator<Item = (String, Answer)>) -> Self {
        Self(answers.into_iter().collect())
    }

    /// Splits the probe's output at the lines that begin with `mark`.
    pub fn read(mark: &str, output: &str) -> Result<Self, String> {
        let mut answers = BTreeMap::new();
        let (error, end) = (format!("{mark}.err"), format!("{mark}.end"));
        let mut current: Option<(String, Answer)> = None;
        let mut in_error = false;
        for line in output.split_inclusive('\n') {
            let bare = line.trim_end_matches('\n');
            if bare == error {
                in_error = true;
            } else if bare == end {
                answers.extend(current.take().map(finish));
                return Ok(Self(answers));
            } else if let Some(head) = bare.strip_prefix(mark).and_then(|rest| rest.strip_prefix(' ')) {
                answers.extend(current.take().map(finish));
                let (key, code) = head.rsplit_once(' ').unwrap_or((head, ""));
                let code = code.parse().map_err(|_| format!("the probe's section `{key}` has no exit code"))?;
                current = Some((key.to_owned(), Answer { code, ..Answer::default() }));
                in_error = false;
            } else if let Some((_, answer)) = &mut current {
                if in_error { &mut answer.stderr } else { &mut answer.text }.push_str(line);
            }
        }
        Err("the probe's output ended early".to_owned())
    }
}

// The probe puts one newline after each part, so that a mark always begins a line.
fn finish((key, mut answer): (String, Answer)) -> (String, Answer) {
    for part in [&mut answer.text, &mut answer.stderr] {
        if part.ends_with('\n') {
            part.pop();
        }
    }
    (key, answer)
}
