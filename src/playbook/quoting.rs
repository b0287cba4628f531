//! Judges where a script prints values: quoting only helps outside of quotes.

use super::scan::{Piece, PieceKind, pieces};
use super::sh::{Frame, IN_COMMENT, Lexer};

/// A place in a template that will not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Objection {
    /// Byte where it is, in the template.
    pub(super) at: usize,
    pub(super) message: String,
    pub(super) help: String,
}

/// All objections to a template that prints values as words.
pub(super) fn objections(template: &str) -> Vec<Objection> {
    let mut judge = Judge { lexer: Lexer::new(), blocks: Vec::new(), objections: Vec::new() };
    for piece in pieces(template) {
        match piece.kind {
            PieceKind::Text => judge.text(&piece),
            PieceKind::Value => judge.value(&piece),
            PieceKind::Block => judge.block(&piece),
            PieceKind::Comment => judge.comment(&piece),
        }
        judge.trimming(&piece);
    }
    if !judge.lexer.whole() && judge.objections.is_empty() {
        let end = template.trim_end().len().saturating_sub(1);
        judge.object(end, "a quote, `$(`, `${` or here-document is still open at the end of this script", "close it");
    }
    judge.objections
}

struct Judge {
    lexer: Lexer,
    // What was open at the `{% if %}` or `{% for %}` of each block: every branch must end as it began.
    blocks: Vec<Vec<Frame>>,
    objections: Vec<Objection>,
}

impl Judge {
    fn object(&mut self, at: usize, message: impl Into<String>, help: impl Into<String>) {
        self.objections.push(Objection { at, message: message.into(), help: help.into() });
    }

    fn text(&mut self, piece: &Piece<'_>) {
        if let Some(at) = piece.text.find("${#") {
            self.object(
                piece.at + at + 1,
                "`{#` begins a comment of the template",
                "use `expr` or `wc -c` for a length",
            );
        }
        self.lexer.text(piece.text);
    }

    fn comment(&mut self, piece: &Piece<'_>) {
        if let Some(place) = self.lexer.refusal() {
            let message = format!("`{{#` begins a comment of the template, {place}");
            self.object(piece.at, message, "use `expr` or `wc -c` for a length");
        }
        self.lexer.tag();
    }

    fn value(&mut self, piece: &Piece<'_>) {
        if let Some(place) = self.lexer.refusal() {
            let shown = piece.text;
            let help = if place == IN_COMMENT { "take it out of the comment".to_owned() } else { advice(shown) };
            self.object(piece.at, format!("`{shown}` stands {place}, where quoting does not protect"), help);
        }
        self.lexer.value();
    }

    fn block(&mut self, piece: &Piece<'_>) {
        let keyword = piece.keyword();
        if let Some(place) = self.lexer.refusal() {
            let message = format!("`{}` stands {place}", piece.text);
            self.object(piece.at, message, "put whole commands or words between block tags");
        }
        let open = self.lexer.open().to_vec();
        match keyword {
            "if" | "for" => self.blocks.push(open),
            "elif" | "else" => self.same(piece, &open),
            "endif" | "endfor" => {
                self.same(piece, &open);
                self.blocks.pop();
            }
            other => {
                let message = format!("`{{% {other} %}}` is not one of the block tags of a playbook");
                self.object(piece.at, message, "there are `if`, `elif`, `else`, `endif`, `for` and `endfor`");
            }
        }
        self.lexer.tag();
    }

    fn same(&mut self, piece: &Piece<'_>, open: &[Frame]) {
        if self.blocks.last().is_some_and(|began| began != open) {
            let message = format!("`{}` comes while a `$(` or quote of its branch is still open", piece.text);
            self.object(piece.at, message, "close it before the tag, or open it before the block");
        }
    }

    // `{%-` takes the newline away that ends a comment.
    fn trimming(&mut self, piece: &Piece<'_>) {
        let inside = piece.inside();
        if piece.kind != PieceKind::Text && (inside.starts_with('-') || inside.ends_with('-')) {
            self.object(
                piece.at,
                "a tag with `-` would take away white space that the shell needs",
                "write it without the `-`; a line with nothing but a block tag leaves no empty line",
            );
        }
    }
}

fn advice(shown: &str) -> String {
    let name = shown.trim_matches(['{', '}', ' ']);
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let name = if plain { name } else { "value" };
    format!("assign it first, `{name}={shown}` on a line of its own, and use \"${name}\" here")
}
