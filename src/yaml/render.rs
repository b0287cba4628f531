//! Problems for people: `file:line:column`, the line with a caret, what to do.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::yaml::{Problem, Problems, Severity, Source, Span};

impl Problems {
    /// All of them, one after the other, with an empty line between; ends with a newline.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled().hyperlink(false) } else { Renderer::plain() };
        let mut parts: Vec<String> =
            self.list.iter().map(|problem| renderer.render(&[group(&self.source, problem)])).collect();
        if self.more > 0 {
            parts.push(format!("error: {} more problems are not shown", self.more));
        }
        parts.iter().map(|part| format!("{}\n", part.trim_end())).collect::<Vec<_>>().join("\n")
    }
}

fn group<'a>(source: &'a Source, problem: &'a Problem) -> Group<'a> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let group = Group::with_title(level.primary_title(problem.message.as_str()));
    let group = match problem.span {
        Some(span) => group.element(snippet(source, span, &problem.also)),
        None => group.element(Origin::path(&*source.name)),
    };
    match &problem.help {
        Some(help) => group.element(Level::HELP.message(help.as_str())),
        None => group,
    }
}

// Only the lines from the first place to the last are handed over: the renderer maps all of what it gets.
fn snippet<'a>(source: &'a Source, span: Span, also: &'a [(Span, String)]) -> Snippet<'a, Annotation<'a>> {
    let places = || std::iter::once(span).chain(also.iter().map(|(span, _)| *span));
    let first = places().map(|span| source.floor(span.start)).min().unwrap_or(0);
    let last = places().map(|span| source.floor(span.end)).max().unwrap_or(first);
    let start = source.text[..first].rfind('\n').map_or(0, |newline| newline + 1);
    let end = source.text[last..].find('\n').map_or(source.text.len(), |length| last + length);
    let within = |span: Span| source.floor(span.start) - start..source.floor(span.end.max(span.start)) - start;
    Snippet::source(&source.text[start..end])
        .path(&*source.name)
        .line_start(source.position(start).0)
        .annotation(AnnotationKind::Primary.span(within(span)))
        .annotations(also.iter().map(|(span, words)| AnnotationKind::Context.span(within(*span)).label(words.as_str())))
}
