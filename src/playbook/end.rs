//! How a program says how it ended.

/// How a step ended, by its own account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// There was nothing to do.
    Unchanged,
    /// It changed something, and its `verify` held.
    Changed,
    /// What it waited for is there.
    Passed,
    /// It failed.
    Failed {
        /// `script`, `after`, `verify`, or `wait`.
        part: String,
        /// Exit code of that part; 124 where a wait ran out of time.
        code: u32,
    },
    /// It did not say, or its exit code says otherwise: it is not known what was done.
    Unknown,
}

/// Is this line of output a mark, and not the step's own?
pub fn is_mark(mark: &str, line: &str) -> bool {
    line.strip_prefix(mark).is_some_and(|rest| rest.starts_with(' '))
}

/// How a program ended that printed `stdout` and whose exit code was `code`; `None` where it has none.
pub fn read_end(mark: &str, code: Option<u32>, stdout: &str) -> End {
    let Some(line) = stdout.lines().rev().find(|line| is_mark(mark, line)) else { return End::Unknown };
    let words: Vec<&str> = line[mark.len()..].split_whitespace().collect();
    match (words.as_slice(), code) {
        (["unchanged"], Some(0)) => End::Unchanged,
        (["changed"], Some(0)) => End::Changed,
        (["passed"], Some(0)) => End::Passed,
        (["failed", part, failed], Some(1)) => match failed.parse() {
            Ok(code) => End::Failed { part: (*part).to_owned(), code },
            Err(_) => End::Unknown,
        },
        _ => End::Unknown,
    }
}

/// The output without the marks and the newline that precedes each.
pub fn without_marks(mark: &str, stdout: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in stdout.lines() {
        if !is_mark(mark, line) {
            lines.push(line);
        } else if lines.last() == Some(&"") {
            lines.pop();
        }
    }
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}
