//! Reads a playbook and collects everything that is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::place::{place, place_of_line};
use super::quoting::objections;
use super::scan::{Piece, PieceKind, pieces};
use super::step::{FileWork, Playbook, Step, Work};
use super::template::{FILTERS, Print, Template};
use crate::yaml::{Fields, Item, Problem, Problems, Source, Span, nearest, parse, show};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Words that mean something in a template.
const TAKEN: [&str; 10] = ["true", "false", "none", "and", "or", "not", "in", "is", "if", "loop"];
const EVERY: Duration = Duration::from_millis(250);
/// A wait ends itself on the node before the connection is given up, which takes a second at least.
const SHORTEST_WAIT: Duration = Duration::from_secs(2);

/// Reads one file. The playbook is `None` where there is an error among the problems. `always` are variables that are
/// there without being declared.
pub(super) fn load(source: &Source, lib: &Arc<str>, always: &'static [&'static str]) -> (Option<Playbook>, Problems) {
    let mut problems = Problems::new(source.clone());
    let Some(tree) = parse(&mut problems) else { return (None, problems) };
    let mut reader =
        Reader { source, problems: &mut problems, always, vars: BTreeMap::new(), used: BTreeSet::new(), unread: false };
    let playbook = reader.playbook(&Item::root(&tree), lib);
    problems.sort();
    (playbook.filter(|_| !problems.failed()), problems)
}

struct Reader<'r> {
    source: &'r Source,
    problems: &'r mut Problems,
    always: &'static [&'static str],
    vars: BTreeMap<String, Span>,
    used: BTreeSet<String>,
    /// A step was not understood, so what it prints is not known.
    unread: bool,
}

impl Reader<'_> {
    fn playbook(&mut self, root: &Item<'_>, lib: &Arc<str>) -> Option<Playbook> {
        let fields = root.map(self.problems)?;
        fields.only(&["doc", "vars", "steps"], self.problems);
        self.declare(&fields);
        let doc = self.template(&fields, "doc", Print::Raw);
        let steps = fields.required("steps", self.problems)?;
        let items = steps.list(self.problems)?;
        if items.is_empty() {
            self.problems.push(Problem::item(&steps, "a playbook has at least one step"));
        }
        let mut ids = BTreeMap::new();
        let steps: Vec<Option<Step>> = items.iter().map(|item| self.step(item, &mut ids)).collect();
        for (name, span) in self.vars.iter().filter(|(name, _)| !self.unread && !self.used.contains(*name)) {
            let message = format!("`{name}` is declared but never printed");
            self.problems.push(Problem::at(*span, message).help("delete it, or print it"));
        }
        let vars = self.vars.clone().into_iter().collect();
        let steps = steps.into_iter().collect::<Option<Vec<_>>>()?;
        let used = std::mem::take(&mut self.used);
        Some(Playbook { source: self.source.clone(), doc: doc?, vars, used, steps, lib: lib.clone() })
    }

    fn declare(&mut self, fields: &Fields<'_>) {
        let Some(vars) = fields.required("vars", self.problems) else { return };
        for item in vars.list(self.problems).unwrap_or_default() {
            let Some(name) = item.line(self.problems) else { continue };
            if self.always.contains(&name) {
                let message = format!("`{name}` is always there: the inventory says it");
                self.problems
                    .push(Problem::item(&item, message).help("delete it here; it can be printed all the same"));
                continue;
            }
            let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
            if !plain || name.starts_with(|c: char| c.is_ascii_digit()) || TAKEN.contains(&name) {
                let message = format!("`{}` cannot be the name of a variable", show(name));
                self.problems.push(
                    Problem::item(&item, message)
                        .help("use lowercase letters, digits and `_`, and no word of the templates"),
                );
            } else if let Some(first) = self.vars.insert(name.to_owned(), item.value.span) {
                let message = format!("`{name}` is declared twice");
                self.problems.push(Problem::item(&item, message).also(first, "the first time"));
            }
        }
    }

    fn step(&mut self, item: &Item<'_>, ids: &mut BTreeMap<String, Span>) -> Option<Step> {
        let fields = item.map(self.problems)?;
        let id = self.id(&fields, ids);
        let doc = self.template(&fields, "doc", Print::Raw);
        let timeout = fields.required("timeout", self.problems).and_then(|item| item.duration(DAY, self.problems));
        let become_root = fields.get("become").map_or(Some(true), |item| item.boolean(self.problems));
        let remedy = self.optional(&fields, "remedy", Print::Raw);
        let work = self.work(&fields);
        self.unread |= work.is_none();
        if let (Some(Work::Wait { .. }), Some(timeout), Some(item)) = (&work, timeout, fields.get("timeout"))
            && timeout < SHORTEST_WAIT
        {
            self.problems.push(Problem::item(&item, "a `wait` step waits at least `2s`"));
        }
        Some(Step { id: id?, doc: doc?, timeout: timeout?, become_root: become_root?, work: work?, remedy: remedy? })
    }

    fn id(&mut self, fields: &Fields<'_>, ids: &mut BTreeMap<String, Span>) -> Option<String> {
        let item = fields.required("id", self.problems)?;
        let id = item.line(self.problems)?;
        if !id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
            let message = format!("`{}` cannot be the id of a step", show(id));
            self.problems.push(Problem::item(&item, message).help("use lowercase letters, digits and `-`"));
            return None;
        }
        if let Some(first) = ids.insert(id.to_owned(), item.value.span) {
            let message = format!("two steps have the id `{id}`");
            self.problems.push(Problem::item(&item, message).also(first, "the first one"));
        }
        Some(id.to_owned())
    }

    fn work(&mut self, fields: &Fields<'_>) -> Option<Work> {
        const ALWAYS: [&str; 5] = ["id", "doc", "timeout", "become", "remedy"];
        let only = |reader: &mut Self, kind: &[&str]| {
            let known: Vec<&str> = ALWAYS.iter().chain(kind).copied().collect();
            fields.only(&known, reader.problems);
        };
        let kinds: Vec<&str> =
            ["script", "job", "wait", "file"].into_iter().filter(|kind| fields.get(kind).is_some()).collect();
        match kinds.as_slice() {
            ["script"] => {
                only(self, &["script", "unless", "verify"]);
                let unless = self.optional(fields, "unless", Print::Words);
                let script = self.template(fields, "script", Print::Words);
                let verify = self.template(fields, "verify", Print::Words);
                Some(Work::Script { unless: unless?, script: script?, verify: verify? })
            }
            ["job"] => {
                only(self, &["job", "unless", "verify"]);
                if let Some(item) = fields.get("become").filter(|item| item.boolean(self.problems) == Some(false)) {
                    self.problems.push(Problem::item(&item, "a `job` is a unit of the system, and runs as root"));
                }
                let unless = self.optional(fields, "unless", Print::Words);
                let job = self.template(fields, "job", Print::Words);
                let verify = self.template(fields, "verify", Print::Words);
                Some(Work::Job { unless: unless?, job: job?, verify: verify? })
            }
            ["wait"] => {
                only(self, &["wait", "every"]);
                let every = fields.get("every").map_or(Some(EVERY), |item| item.duration(DAY, self.problems));
                let wait = self.template(fields, "wait", Print::Words);
                Some(Work::Wait { wait: wait?, every: every? })
            }
            ["file"] => {
                only(self, &["file", "after", "verify"]);
                let file = self.file(fields);
                let after = self.optional(fields, "after", Print::Words);
                let verify = self.template(fields, "verify", Print::Words);
                Some(Work::File { file: file?, after: after?, verify: verify? })
            }
            [] => {
                let message = "this step does nothing: it has no `script`, `job`, `wait` or `file`";
                self.problems.push(Problem::at(fields.at, message));
                None
            }
            several => {
                let message = format!("this step has both `{}`; a step is of one kind", several.join("` and `"));
                self.problems.push(Problem::at(fields.at, message).help("make two steps of it"));
                None
            }
        }
    }

    fn file(&mut self, fields: &Fields<'_>) -> Option<FileWork> {
        let fields = fields.get("file")?.map(self.problems)?;
        fields.only(&["path", "mode", "owner", "content"], self.problems);
        let path = self.template(&fields, "path", Print::Raw);
        let mode = self.word(&fields, "mode", "must be octal, such as `\"0644\"`", |mode| {
            (3..=4).contains(&mode.len()) && mode.bytes().all(|byte| (b'0'..=b'7').contains(&byte))
        });
        let owner = self.word(&fields, "owner", "must be `user` or `user:group`", |owner| {
            let name = |name: &str| {
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
            };
            !owner.starts_with('-') && owner.split(':').count() <= 2 && owner.split(':').all(name)
        });
        let content = self.template(&fields, "content", Print::Raw);
        let mode = mode.map(|mode| mode.trim_start_matches('0').to_owned());
        Some(FileWork { path: path?, mode: mode?, owner: owner?, content: content? })
    }

    fn word(&mut self, fields: &Fields<'_>, key: &str, wanted: &str, fits: fn(&str) -> bool) -> Option<String> {
        let item = fields.required(key, self.problems)?;
        let text = item.line(self.problems)?;
        if fits(text) {
            return Some(text.to_owned());
        }
        self.problems.push(Problem::item(&item, format!("`{key}` {wanted}, not `{}`", show(text))));
        None
    }

    // `Some(None)` where it is not there, `None` where it is wrong.
    #[expect(clippy::option_option, reason = "absent and wrong are two things")]
    fn optional(&mut self, fields: &Fields<'_>, key: &str, print: Print) -> Option<Option<Template>> {
        match fields.get(key) {
            None => Some(None),
            Some(item) => self.judge(&item, print).map(Some),
        }
    }

    fn template(&mut self, fields: &Fields<'_>, key: &str, print: Print) -> Option<Template> {
        let item = fields.required(key, self.problems)?;
        self.judge(&item, print)
    }

    fn judge(&mut self, item: &Item<'_>, print: Print) -> Option<Template> {
        let text = item.text(self.problems)?;
        let objections = if print == Print::Words { objections(text) } else { Vec::new() };
        let comment = objections.iter().any(|objection| objection.message.starts_with("`{#`"));
        for objection in objections {
            let at = place(self.source, item.value, objection.at);
            self.problems.push(Problem::at(at, objection.message).help(objection.help));
        }
        self.names(item, text);
        match Template::new(text, print) {
            Ok(template) => {
                self.used.extend(template.variables());
                let first = place_of_line(self.source, item.value, 1);
                Some(template.at_line(self.source.position(first.start).0))
            }
            // Where a comment began by mistake all that follows is misread.
            Err(_) if comment => None,
            Err(complaint) => {
                let at = place_of_line(self.source, item.value, complaint.line);
                self.problems.push(Problem::at(at, format!("not a template: {}", complaint.why)));
                None
            }
        }
    }

    // Variables that are not declared, and filters that there are not.
    fn names(&mut self, item: &Item<'_>, text: &str) {
        let Ok(template) = Template::new(text, Print::Raw) else { return };
        let asked = template.variables();
        for piece in pieces(text).iter().filter(|piece| matches!(piece.kind, PieceKind::Value | PieceKind::Block)) {
            let tokens = piece.tokens();
            for (at, name) in tokens.iter().filter(|(_, name)| asked.contains(*name)) {
                if !self.vars.contains_key(*name) && !self.always.contains(name) {
                    let at = place(self.source, item.value, *at);
                    self.problems.push(self.undeclared(at, name));
                }
            }
            self.filters(item, piece, &tokens);
        }
    }

    fn undeclared(&self, at: Span, name: &str) -> Problem {
        let problem = Problem::at(at, format!("`{name}` is not one of `vars`"));
        match nearest(name, self.vars.keys().map(String::as_str).chain(self.always.iter().copied())) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None if !self.always.is_empty() => {
                problem.help(format!("add it to `vars:`, and give it with `-e {name}=..`"))
            }
            None => problem.help("add it to `vars:`; `bricklayer check` says whether the planner gives it"),
        }
    }

    fn filters(&mut self, item: &Item<'_>, piece: &Piece<'_>, tokens: &[(usize, &str)]) {
        for pair in tokens.windows(2) {
            let [(_, "|"), (at, name)] = pair else { continue };
            if !FILTERS.contains(name) {
                let at = place(self.source, item.value, *at);
                let message = format!("there is no filter `{name}` in `{}`", piece.text);
                self.problems.push(Problem::at(at, message).help(format!("there are `{}`", FILTERS.join("` and `"))));
            }
        }
    }
}
