//! As much of the shell's grammar as it takes to know whether a place is inside quotes.
//!
//! It never guesses: where it could be misled (`case` inside `$( )`, quotes inside `$(( ))`) it says that it is not
//! sure, and then no value may follow.

/// A refusal.
pub(super) const IN_COMMENT: &str = "in a comment";

/// Reads a script piece by piece.
#[derive(Clone, Debug, Default)]
pub(super) struct Lexer {
    frames: Vec<Frame>,
    /// Here-documents whose text begins after the next newline.
    waiting: Vec<HereDoc>,
    /// Where a word could begin, so that a `#` begins a comment.
    fresh: bool,
    /// The word that is being read.
    word: String,
    /// What came last of the piece before: only `\`, `$`, `<` and a tag matter.
    last: Option<Last>,
    unsure: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Single,
    Double,
    Backtick,
    /// `${ .. }`
    Parameter,
    /// `$(( .. ))`, with the parentheses still open in it.
    Arithmetic(usize),
    /// `$( .. )`, likewise.
    Substitution(usize),
    Comment,
    HereDoc(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct HereDoc {
    end: String,
    tabs: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Backslash,
    Dollar,
    Less,
    Tag,
}

impl Lexer {
    pub(super) fn new() -> Self {
        Self { fresh: true, ..Self::default() }
    }

    /// Reads a piece of plain script.
    pub(super) fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let before = self.last.take();
            if before == Some(Last::Tag) && matches!(c, '#' | '(') {
                self.doubt("after a `#` or `(` whose meaning a tag before it decides");
            }
            let length = self.step(c, rest).max(1);
            rest = &rest[length..];
        }
    }

    /// A value is printed here.
    pub(super) fn value(&mut self) {
        self.fresh = false;
        self.word.push('x');
        self.last = None;
    }

    /// A block tag stands here.
    pub(super) fn tag(&mut self) {
        self.end_word();
        self.last = Some(Last::Tag);
    }

    /// Why nothing may be printed here, if so.
    pub(super) fn refusal(&self) -> Option<&'static str> {
        match self.last {
            Some(Last::Backslash) => return Some("after a backslash"),
            Some(Last::Dollar) => return Some("after a `$`"),
            Some(Last::Less) => return Some("after `<<`"),
            Some(Last::Tag) | None => {}
        }
        // The outermost decides what to do about it.
        let inside = self.frames.iter().find_map(|frame| match frame {
            Frame::Single => Some("inside '..' quotes"),
            Frame::Double => Some("inside \"..\" quotes"),
            Frame::Backtick => Some("inside backticks"),
            Frame::Parameter => Some("inside `${ }`"),
            Frame::Arithmetic(_) => Some("inside `$(( ))`"),
            Frame::Comment => Some(IN_COMMENT),
            Frame::HereDoc(_) => Some("in a here-document"),
            Frame::Substitution(_) => None,
        });
        inside.or(self.unsure)
    }

    /// What is still open; equal where two places are equally deep.
    pub(super) fn open(&self) -> &[Frame] {
        &self.frames
    }

    /// Is the script whole here?
    pub(super) fn whole(&self) -> bool {
        let open = self.frames.iter().any(|frame| *frame != Frame::Comment);
        !open && self.waiting.is_empty() && !matches!(self.last, Some(Last::Backslash | Last::Less))
    }

    fn doubt(&mut self, why: &'static str) {
        self.unsure.get_or_insert(why);
    }

    // Reads what begins with `c`, and says how many bytes that was.
    fn step(&mut self, c: char, rest: &str) -> usize {
        match self.frames.last() {
            None | Some(Frame::Substitution(_)) => self.plain(c, rest),
            Some(Frame::Single) => {
                self.close_at(c, '\'');
                c.len_utf8()
            }
            Some(Frame::Comment) => {
                if c == '\n' {
                    self.frames.pop();
                    return self.newline();
                }
                c.len_utf8()
            }
            Some(Frame::HereDoc(_)) => self.here_document(c),
            Some(Frame::Arithmetic(_)) => self.arithmetic(c),
            Some(Frame::Double | Frame::Backtick | Frame::Parameter) => self.expanding(c, rest),
        }
    }

    fn close_at(&mut self, c: char, end: char) {
        if c == end {
            self.frames.pop();
            self.fresh = false;
            // Quotes make a word of what they hold: never a keyword.
            self.word.push('x');
        }
    }

    fn plain(&mut self, c: char, rest: &str) -> usize {
        let was_fresh = self.fresh;
        if c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')' | '<' | '>') {
            self.end_word();
        } else {
            self.fresh = false;
            self.word.push(c);
        }
        match c {
            '\n' => return self.newline(),
            '\\' => return self.backslash(rest),
            '$' => return self.dollar(rest),
            '\'' => self.frames.push(Frame::Single),
            '"' => self.frames.push(Frame::Double),
            '`' => self.frames.push(Frame::Backtick),
            '#' if was_fresh => self.frames.push(Frame::Comment),
            '(' => self.parenthesis(1),
            ')' => self.parenthesis(-1),
            '<' if rest.starts_with("<<") => return self.less(rest),
            _ => {}
        }
        c.len_utf8()
    }

    fn end_word(&mut self) {
        if self.word == "case" && !self.frames.is_empty() {
            self.doubt("after a `case` inside `$( )`, whose `)` cannot be told apart");
        }
        self.word.clear();
        self.fresh = true;
    }

    fn newline(&mut self) -> usize {
        self.fresh = true;
        self.word.clear();
        if !self.waiting.is_empty() {
            self.frames.push(Frame::HereDoc(String::new()));
        }
        1
    }

    fn parenthesis(&mut self, by: isize) {
        let Some(Frame::Substitution(depth)) = self.frames.last_mut() else { return };
        match depth.checked_add_signed(by) {
            Some(0) | None => {
                self.frames.pop();
                self.fresh = false;
            }
            Some(now) => *depth = now,
        }
    }

    fn backslash(&mut self, rest: &str) -> usize {
        let Some(next) = rest[1..].chars().next() else {
            self.last = Some(Last::Backslash);
            return 1;
        };
        if next != '\n' {
            self.fresh = false;
            self.word.push('x');
        }
        1 + next.len_utf8()
    }

    fn dollar(&mut self, rest: &str) -> usize {
        if rest.starts_with("$((") {
            self.frames.push(Frame::Arithmetic(2));
            return 3;
        }
        match rest[1..].chars().next() {
            Some('(') => {
                self.frames.push(Frame::Substitution(1));
                self.word.clear();
                self.fresh = true;
                2
            }
            Some('{') => {
                self.frames.push(Frame::Parameter);
                2
            }
            Some('\'') if self.frames.last() != Some(&Frame::Double) => {
                self.doubt("after `$'..'`, which is not POSIX");
                1
            }
            // The special parameters, so that `$#` begins no comment.
            Some('#' | '$' | '?' | '!' | '*' | '@' | '-') => 2,
            Some(_) => 1,
            None => {
                self.last = Some(Last::Dollar);
                1
            }
        }
    }

    // Inside "..", `..` and ${..}.
    fn expanding(&mut self, c: char, rest: &str) -> usize {
        match c {
            '\\' => return self.backslash(rest),
            '$' if self.frames.last() != Some(&Frame::Backtick) => return self.dollar(rest),
            '"' => self.double_quote(),
            '`' => self.backtick(),
            '}' if self.frames.last() == Some(&Frame::Parameter) => {
                self.frames.pop();
            }
            '\'' if self.frames.last() == Some(&Frame::Parameter) => {
                if self.frames.contains(&Frame::Double) {
                    self.doubt("after a `'` inside \"${ }\", which shells read differently");
                } else {
                    self.frames.push(Frame::Single);
                }
            }
            _ => {}
        }
        c.len_utf8()
    }

    fn double_quote(&mut self) {
        match self.frames.last() {
            Some(Frame::Double) => self.close_at('"', '"'),
            Some(Frame::Parameter) => self.frames.push(Frame::Double),
            // Backticks are read to their end only: what is quoted in them ends there too.
            _ => {}
        }
    }

    fn backtick(&mut self) {
        if self.frames.last() == Some(&Frame::Backtick) {
            self.close_at('`', '`');
        } else {
            self.frames.push(Frame::Backtick);
        }
    }

    fn arithmetic(&mut self, c: char) -> usize {
        if matches!(c, '\'' | '"' | '`' | '\\') {
            self.doubt("after quotes inside `$(( ))`");
        }
        let Some(Frame::Arithmetic(depth)) = self.frames.last_mut() else { return c.len_utf8() };
        match c {
            '(' => *depth += 1,
            ')' => *depth -= 1,
            _ => {}
        }
        if *depth == 0 {
            self.frames.pop();
        }
        c.len_utf8()
    }

    fn less(&mut self, rest: &str) -> usize {
        if rest.starts_with("<<<") {
            self.doubt("after `<<<`, which is not POSIX");
            return 3;
        }
        let tabs = rest.starts_with("<<-");
        let skip = if tabs { 3 } else { 2 };
        let blank = rest[skip..].len() - rest[skip..].trim_start_matches([' ', '\t']).len();
        let tail = &rest[skip + blank..];
        let length = tail.find(|c: char| c.is_whitespace() || ";&|()<>".contains(c)).unwrap_or(tail.len());
        if length == tail.len() {
            self.last = Some(Last::Less);
        }
        let end = tail[..length].replace(['\'', '"', '\\'], "");
        self.waiting.push(HereDoc { end, tabs });
        self.fresh = false;
        skip + blank + length
    }

    fn here_document(&mut self, c: char) -> usize {
        let Some(Frame::HereDoc(line)) = self.frames.last_mut() else { return c.len_utf8() };
        if c != '\n' {
            line.push(c);
            return c.len_utf8();
        }
        let line = std::mem::take(line);
        let ended = self.waiting.first().is_some_and(|doc| {
            let text = if doc.tabs { line.trim_start_matches('\t') } else { &line };
            text == doc.end
        });
        if ended {
            self.waiting.remove(0);
        }
        if self.waiting.is_empty() {
            self.frames.pop();
            self.fresh = true;
        }
        1
    }
}
