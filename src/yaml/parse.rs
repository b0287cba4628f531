//! Parser events to a tree.

use std::collections::HashMap;

use serde_saphyr::granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, StructureStyle, Tag};

use crate::yaml::{Entry, Key, Kind, Problem, Problems, Span, Value, merge, show};

/// With all aliases written out. An inventory of a thousand nodes has 20 thousand.
const MAX_NODES: usize = 100_000;
/// Lists in maps in lists, aliases written out. Ours have 5.
const MAX_DEPTH: usize = 40;
const CORE: &str = "tag:yaml.org,2002:";

/// Reads the text that `problems` is about. `None` where it is not YAML, or more than a budget allows; an empty
/// text is an empty value. Keys that are there twice are problems too, but the rest is read.
pub fn parse(problems: &mut Problems) -> Option<Value> {
    let text = problems.source.text.clone();
    let mut builder = Builder { problems, open: Vec::new(), anchors: HashMap::new(), nodes: 0, root: None };
    for event in Parser::new_from_str(&text) {
        let done = match event {
            Ok((event, span)) => {
                let range = span.byte_range().unwrap_or_default();
                builder.event(event, Span { start: range.start, end: range.end.max(range.start) })
            }
            Err(error) => Err(syntax(&text, &error)),
        };
        if let Err(problem) = done {
            builder.problems.push(problem);
            return None;
        }
    }
    let nothing = Value { kind: Kind::Scalar { text: String::new(), plain: true }, span: Span::default(), via: None };
    Some(builder.root.unwrap_or(nothing))
}

struct Builder<'p> {
    problems: &'p mut Problems,
    open: Vec<Open>,
    anchors: HashMap<usize, Value>,
    nodes: usize,
    root: Option<Value>,
}

// A list or map that has begun.
struct Open {
    span: Span,
    anchor: usize,
    inside: Inside,
}

enum Inside {
    Seq(Vec<Value>),
    Map(Vec<Entry>, Option<Key>),
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(Problem::at(span, "a second document begins here; one file is one document")
                    .help("delete the `---`, or put the second document into a file of its own"))
            }
            Event::Alias(id) => self.alias(id, span),
            Event::Scalar(text, style, anchor, tag) => {
                let quoted = self.tag(tag.as_deref(), span);
                let plain = matches!(style, ScalarStyle::Plain) && !quoted;
                let text = text.into_owned();
                if text.contains('\0') {
                    self.problems
                        .push(Problem::at(span, "a NUL character cannot be part of a text").help("take the `\\0` out"));
                }
                self.count(1, span)?;
                self.add(Value { kind: Kind::Scalar { text, plain }, span, via: None }, anchor);
                Ok(())
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.tag(tag.as_deref(), span);
                self.begin(Inside::Seq(Vec::new()), first_mark(style, span), anchor)
            }
            Event::MappingStart(style, anchor, tag) => {
                self.tag(tag.as_deref(), span);
                self.begin(Inside::Map(Vec::new(), None), first_mark(style, span), anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.end();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, inside: Inside, span: Span, anchor: usize) -> Result<(), Problem> {
        self.count(1, span)?;
        deep_enough(self.open.len() + 1, span)?;
        self.open.push(Open { span, anchor, inside });
        Ok(())
    }

    fn end(&mut self) {
        let Some(Open { span, anchor, inside }) = self.open.pop() else { return };
        let value = match inside {
            Inside::Seq(items) => Value { kind: Kind::Seq(items), span, via: None },
            Inside::Map(entries, _) => {
                let span = entries.first().map_or(span, |first| first.key.span);
                Value { kind: Kind::Map(merge::resolve(entries, self.problems)), span, via: None }
            }
        };
        self.add(value, anchor);
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Problem> {
        let Some(target) = self.anchors.get(&id) else {
            return Err(Problem::at(span, "this alias stands inside of what it names")
                .help("delete it: written out it would have no end"));
        };
        let (nodes, depth) = target.measure();
        let mut value = target.clone();
        self.count(nodes, span)?;
        deep_enough(self.open.len() + depth, span)?;
        value.set_via(span);
        self.add(value, 0);
        Ok(())
    }

    fn count(&mut self, nodes: usize, span: Span) -> Result<(), Problem> {
        self.nodes += nodes;
        if self.nodes <= MAX_NODES {
            return Ok(());
        }
        Err(Problem::at(span, format!("with its aliases written out this file has more than {MAX_NODES} values"))
            .help("is this the right file? aliases of aliases multiply"))
    }

    fn add(&mut self, value: Value, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        match self.open.last_mut().map(|open| &mut open.inside) {
            None => self.root = Some(value),
            Some(Inside::Seq(items)) => items.push(value),
            Some(Inside::Map(entries, key)) => match key.take() {
                Some(key) => entries.push(Entry { key, value }),
                None => *key = Some(to_key(value, self.problems)),
            },
        }
    }

    // True for a tag that makes text of what follows.
    fn tag(&mut self, tag: Option<&Tag>, span: Span) -> bool {
        let Some(tag) = tag else { return false };
        let full = format!("{}{}", tag.handle(), tag.suffix());
        let core = full.strip_prefix(CORE).unwrap_or_default();
        if !matches!(core, "str" | "int" | "float" | "bool" | "null" | "seq" | "map") && full != "!" {
            self.problems
                .push(Problem::at(span, format!("tag `{}` means nothing here", show(&full))).help("delete the tag"));
        }
        core == "str" || full == "!"
    }
}

fn deep_enough(depth: usize, span: Span) -> Result<(), Problem> {
    if depth <= MAX_DEPTH {
        return Ok(());
    }
    Err(Problem::at(span, "nested too deep").help("is this the right file?"))
}

// The parser gives a block no width; its dash or first letter is what can be shown.
fn first_mark(style: StructureStyle, span: Span) -> Span {
    match style {
        StructureStyle::Block => Span { start: span.start, end: span.end.max(span.start + 1) },
        StructureStyle::Flow => span,
    }
}

fn to_key(value: Value, problems: &mut Problems) -> Key {
    let (span, via) = (value.span, value.via);
    let text = if let Kind::Scalar { text, .. } = value.kind {
        text
    } else {
        problems.push(
            Problem::at(span, format!("a key must be text, not {}", value.word()))
                .help("a value that begins with `{` or `[` needs quotes"),
        );
        String::new()
    };
    Key { text, span, via }
}

fn syntax(text: &str, error: &ScanError) -> Problem {
    let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
    if let Some(tab) = tab_before(text, at) {
        return Problem::at(Span { start: tab, end: tab + 1 }, "a tab cannot indent in YAML")
            .help("replace it by spaces; `expand -t 2 FILE` does so for a whole file");
    }
    let length = match error.kind() {
        ErrorKind::UnknownAnchor => text[at..].find(|c: char| c.is_whitespace() || ",]}".contains(c)),
        _ => text[at..].chars().next().map(char::len_utf8),
    };
    let end = length.map_or(text.len(), |length| at + length);
    let (message, help) = explain(error.kind());
    let problem = Problem::at(Span { start: at, end }, message);
    if help.is_empty() { problem } else { problem.help(help) }
}

// The first tab in the indentation of the line of `at`, or of the line after where `at` ends a line.
fn tab_before(text: &str, at: usize) -> Option<usize> {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let lines = [start, text[start..].find('\n').map_or(text.len(), |newline| start + newline + 1)];
    lines.into_iter().find_map(|line| {
        let blank = text[line..].find(|c| c != ' ' && c != '\t').unwrap_or(text.len() - line);
        text[line..line + blank].find('\t').map(|tab| line + tab)
    })
}

fn explain(kind: &ErrorKind) -> (String, &'static str) {
    let (message, help) = match kind {
        ErrorKind::UnknownAnchor => {
            ("no anchor has the name of this alias", "anchors (`&name`) stand before their aliases")
        }
        ErrorKind::UnclosedQuotedScalar => ("this quote is never closed", "add the closing quote"),
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => ("this bracket is never closed", "add the closing bracket"),
        ErrorKind::MappingValueNotAllowed => (
            "a `:` is not expected here",
            "a text with `: ` in it needs quotes; otherwise look at the indentation of this line and the one above",
        ),
        ErrorKind::InvalidSimpleKey | ErrorKind::SimpleKeyExpected => {
            ("this line is neither `key: value` nor a list item", "a `:` and a space stand after a key")
        }
        ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::InvalidIndentation => (
            "this line does not fit to the lines above",
            "keys of one map, and items of one list, begin in the same column",
        ),
        ErrorKind::UnexpectedCharacter { .. } => ("this character cannot begin a text", "put the text in quotes"),
        ErrorKind::RecursionLimitExceeded => ("nested too deep", "is this the right file?"),
        other => return (format!("not valid YAML: {other}"), ""),
    };
    (message.to_owned(), help)
}
