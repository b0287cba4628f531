//! minijinja, made strict: no undefined values, nearly no filters, and values quoted where they are printed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, UndefinedBehavior, filters};

use crate::model::shell;
use crate::plan::{Var, Vars};

/// How a template prints its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Print {
    /// As words of a shell: a text is one word, a list is one word for each of its texts.
    Words,
    /// As they are: text for people, the content of a file.
    Raw,
}

/// The filters there are. `safe` prints a value of a script as it is: the visible way out of quoting.
pub(super) const FILTERS: [&str; 2] = ["safe", "length"];

/// A template that has been judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    text: String,
    print: Print,
    /// The line of its file that it begins on; 1 where that is not known.
    first: usize,
}

/// What a template says no with: the line in it, from 1, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) line: usize,
    pub(super) why: String,
}

impl Template {
    /// Compiles it.
    pub(super) fn new(text: &str, print: Print) -> Result<Self, Complaint> {
        let text = own_lines(text);
        ENVIRONMENT.template_from_named_str(name(print), &text).map_err(|error| complaint(&error))?;
        Ok(Self { text, print, first: 1 })
    }

    /// It begins on this line of its file.
    pub(super) fn at_line(self, first: usize) -> Self {
        Self { first, ..self }
    }

    /// The line of its file that a line of it is, both from 1.
    pub(super) fn line_of_file(&self, line: usize) -> usize {
        self.first + line.saturating_sub(1)
    }

    /// The variables it asks for.
    pub(super) fn variables(&self) -> BTreeSet<String> {
        let compiled = ENVIRONMENT.template_from_named_str(name(self.print), &self.text);
        compiled.map(|template| template.undeclared_variables(false).into_iter().collect()).unwrap_or_default()
    }

    /// Fills it in.
    pub(super) fn render(&self, vars: &Vars) -> Result<String, Complaint> {
        let vars: BTreeMap<&str, Value> = vars.iter().map(|(name, var)| (name.as_str(), value(var))).collect();
        ENVIRONMENT.render_named_str(name(self.print), &self.text, vars).map_err(|error| complaint(&error))
    }
}

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| {
        if name == name_of_words() { AutoEscape::Custom(name_of_words().into()) } else { AutoEscape::None }
    });
    environment.set_formatter(|out, state, value| print(out, state.auto_escape(), value));
    environment.add_filter(FILTERS[0], filters::safe);
    environment.add_filter(FILTERS[1], filters::length);
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        environment.set_syntax(syntax);
    }
    environment
});

fn name_of_words() -> &'static str {
    "sh"
}

fn name(print: Print) -> &'static str {
    match print {
        Print::Words => name_of_words(),
        Print::Raw => "text",
    }
}

fn print(out: &mut Output<'_>, escape: &AutoEscape, value: &Value) -> Result<(), Error> {
    let words = matches!(escape, AutoEscape::Custom(_)) && !value.is_safe();
    let one = |text: &str| if words { shell::quote(text) } else { text.to_owned() };
    let text = match value.kind() {
        ValueKind::String => one(value.as_str().unwrap_or_default()),
        ValueKind::Bool => value.is_true().to_string(),
        ValueKind::Number => value.to_string(),
        ValueKind::Seq => {
            let texts: Result<Vec<String>, Error> =
                value.try_iter()?.map(|item| item.as_str().map(one).ok_or_else(|| unprintable(item.kind()))).collect();
            texts?.join(" ")
        }
        kind => return Err(unprintable(kind)),
    };
    out.write_str(&text).map_err(Error::from)
}

fn unprintable(kind: ValueKind) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("a value of kind {kind} cannot be printed"))
}

fn value(var: &Var) -> Value {
    match var {
        Var::Flag(flag) => Value::from(*flag),
        Var::Number(number) => Value::from(*number),
        Var::Text(text) => Value::from(text.as_str()),
        Var::List(texts) => texts.iter().map(String::as_str).collect(),
    }
}

fn complaint(error: &Error) -> Complaint {
    let kind = error.kind().to_string();
    Complaint { line: error.line().unwrap_or(1), why: error.detail().map_or(kind, ToOwned::to_owned) }
}

// A line that holds nothing but a `{% %}` prints nothing: its indentation goes, and its newline moves into the tag,
// so that the lines still count as they are written. (Jinja's `trim_blocks` would also join the lines after a tag at
// the end of a command.)
fn own_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let tag = line.trim();
        let alone = tag.starts_with("{%") && tag.ends_with("%}") && tag.matches("{%").count() == 1;
        match tag.strip_suffix("%}") {
            Some(head) if alone && line.ends_with('\n') => {
                let (head, plus) = head.strip_suffix('+').map_or((head, ""), |head| (head, "+"));
                out.extend([head, "\n", plus, "%}"]);
            }
            _ => out.push_str(line),
        }
    }
    out
}
