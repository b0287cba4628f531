//! From a place in a text to its place in the YAML file that holds it.

use crate::yaml::{Kind, Source, Span, Value};

/// The byte of the file at which byte `at` of a scalar is written. Exact for blocks (`|`) and for plain text on
/// one line; otherwise where the scalar begins.
pub(super) fn place(source: &Source, value: &Value, at: usize) -> Span {
    let Kind::Scalar { text, plain } = &value.kind else { return value.span };
    let written = source.slice(value.span);
    let quoted = written.starts_with(['"', '\'']);
    if *plain || quoted {
        let skip = usize::from(quoted);
        let same = written.get(skip..).is_some_and(|written| written.starts_with(text.as_str()));
        let start = value.span.start + if same { skip + at } else { 0 };
        return one(source, start);
    }
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count();
    let column = before.rfind('\n').map_or(before.len(), |newline| before.len() - newline - 1);
    block(source, value.span.start, line, column).map_or(value.span, |start| one(source, start))
}

/// Likewise for a line of the scalar, counted from 1.
pub(super) fn place_of_line(source: &Source, value: &Value, line: usize) -> Span {
    let Kind::Scalar { text, .. } = &value.kind else { return value.span };
    let line = line.clamp(1, text.lines().count().max(1));
    let at: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let indent = text[at..].len() - text[at..].trim_start_matches(' ').len();
    place(source, value, at + indent)
}

fn one(source: &Source, start: usize) -> Span {
    let length = source.text[source.floor(start)..].chars().next().map_or(0, char::len_utf8);
    Span { start, end: start + length }
}

// The span of a block begins with its text: what stands before is the indentation and the line with the `|`.
fn block(source: &Source, start: usize, line: usize, column: usize) -> Option<usize> {
    let header = source.text[..source.floor(start)].trim_end().len();
    let first = header + source.text[header..].find('\n')? + 1;
    let content = &source.text[first..];
    let indent =
        content.lines().find(|line| !line.trim().is_empty()).map(|line| line.len() - line.trim_start().len())?;
    let skipped: usize = content.split_inclusive('\n').take(line).map(str::len).sum();
    Some(first + skipped + indent + column)
}
