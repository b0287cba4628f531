//! Where the tags of a template are.

/// A piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'t> {
    pub(super) kind: PieceKind,
    /// Byte where it begins.
    pub(super) at: usize,
    /// All of it; of a tag with its delimiters.
    pub(super) text: &'t str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PieceKind {
    Text,
    /// `{{ .. }}`
    Value,
    /// `{% .. %}`
    Block,
    /// `{# .. #}`
    Comment,
}

impl<'t> Piece<'t> {
    /// What stands between the delimiters.
    pub(super) fn inside(&self) -> &'t str {
        self.text.get(2..self.text.len().saturating_sub(2)).unwrap_or_default()
    }

    /// The first word of a block: `if`, `endfor`.
    pub(super) fn keyword(&self) -> &'t str {
        self.inside().trim_start_matches(['-', '+']).split_whitespace().next().unwrap_or_default()
    }

    /// Names and operators of its expression, each with the byte where it begins; texts in quotes are left out.
    pub(super) fn tokens(&self) -> Vec<(usize, &'t str)> {
        let mut tokens = Vec::new();
        let mut rest = self.inside();
        let start = self.at + 2;
        let whole = rest;
        while let Some(c) = rest.chars().next() {
            let at = whole.len() - rest.len();
            let length = match c {
                '"' | '\'' => quoted(rest),
                c if c.is_alphanumeric() || c == '_' => {
                    rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
                }
                c => c.len_utf8(),
            };
            if !c.is_whitespace() && c != '"' && c != '\'' {
                tokens.push((start + at, &rest[..length]));
            }
            rest = &rest[length..];
        }
        tokens
    }
}

/// Cuts a template into its pieces. A tag that is never closed is text: minijinja complains of it.
pub(super) fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut from = 0;
    let mut at = 0;
    while let Some(found) = template[at..].find('{') {
        let open = at + found;
        let Some((kind, length)) = tag(&template[open..]) else {
            at = open + 1;
            continue;
        };
        if from < open {
            pieces.push(Piece { kind: PieceKind::Text, at: from, text: &template[from..open] });
        }
        pieces.push(Piece { kind, at: open, text: &template[open..open + length] });
        from = open + length;
        at = from;
    }
    if from < template.len() {
        pieces.push(Piece { kind: PieceKind::Text, at: from, text: &template[from..] });
    }
    pieces
}

// Kind and length of the tag with which the text begins.
fn tag(text: &str) -> Option<(PieceKind, usize)> {
    let (kind, close) = match text.as_bytes().get(1)? {
        b'{' => (PieceKind::Value, "}}"),
        b'%' => (PieceKind::Block, "%}"),
        b'#' => (PieceKind::Comment, "#}"),
        _ => return None,
    };
    if kind == PieceKind::Comment {
        return text[2..].find(close).map(|end| (kind, end + 4));
    }
    let mut at = 2;
    loop {
        let rest = &text[at..];
        if rest.starts_with(close) {
            return Some((kind, at + 2));
        }
        at += match rest.chars().next()? {
            '"' | '\'' => quoted(rest),
            c => c.len_utf8(),
        };
    }
}

// Length of the text in quotes with which this begins, quotes and all.
fn quoted(text: &str) -> usize {
    let quote = text.as_bytes()[0];
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            byte if byte == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}
