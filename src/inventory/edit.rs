//! Changes of the file that leave everything else as a person has written it: comments, order, layout.
//!
//! A change is made in the text, at places that the tree knows. The result is read again, and must differ in nothing but
//! what was wanted: where a layout is not understood, the answer is what to write by hand.

use std::net::IpAddr;

use crate::inventory::{Draft, Inventory, InventoryNode, Role};
use crate::model::{NodeName, Service};
use crate::yaml::{Kind, Problems, Span, Value};

/// Why a change could not be made.
#[derive(Debug)]
pub enum EditError {
    /// It would not be an inventory any more.
    Wrong(Box<Problems>),
    /// Its layout is not understood; what to do by hand.
    ByHand(String),
}

impl Inventory {
    /// With one more controller, at the end of their list, in the layout of the last one.
    pub fn with_controller(&self, name: &NodeName, address: IpAddr, service: Service) -> Result<Self, EditError> {
        let by_hand = || {
            let entry = entry(name, address, service);
            EditError::ByHand(format!("add `- {entry}` to the `controllers` in {}", self.path.display()))
        };
        let text = self.appended(name, address, service).ok_or_else(by_hand)?;
        let edited = self.read_again(&text)?;
        let (new, old): (Vec<_>, Vec<_>) = edited.nodes.iter().partition(|node| node.name == *name);
        let wanted = |node: &&InventoryNode| {
            let services = node.services.iter().map(|(service, on)| (*service, *on));
            node.role == Role::Controller && node.address == address && services.eq([(service, true)])
        };
        let kept = old.len() == self.nodes.len() && old.iter().zip(&self.nodes).all(|(one, other)| same(one, other));
        if kept && new.len() == 1 && new.iter().all(wanted) { Ok(edited) } else { Err(by_hand()) }
    }

    /// With a service wanted on a node, or no longer.
    pub fn with_service(&self, name: &NodeName, service: Service, on: bool) -> Result<Self, EditError> {
        let by_hand = || {
            let place = format!("the `services` of `{name}` in {}", self.path.display());
            EditError::ByHand(format!("write `{}: {on}` into {place}", service.key()))
        };
        let text = self.switched(name, service, on).ok_or_else(by_hand)?;
        let edited = self.read_again(&text)?;
        let wanted = |(new, old): (&InventoryNode, &InventoryNode)| {
            let mut old = old.clone();
            if old.name == *name {
                old.services.insert(service, on);
            }
            same(new, &old)
        };
        let kept = edited.nodes.len() == self.nodes.len() && edited.nodes.iter().zip(&self.nodes).all(wanted);
        if kept { Ok(edited) } else { Err(by_hand()) }
    }

    fn read_again(&self, text: &str) -> Result<Self, EditError> {
        Draft::of_text(&self.path, text).finish().map_err(|problems| EditError::Wrong(Box::new(problems)))
    }

    fn appended(&self, name: &NodeName, address: IpAddr, service: Service) -> Option<String> {
        let text = &*self.source.text;
        let last = self.written(None)?;
        let layout = Layout::of(text, last)?;
        Some(match layout {
            Layout::Flow { close, in_flow: true, .. } => {
                inserted(text, close + 1, &format!(", {}", entry(name, address, service)))
            }
            Layout::Flow { close, indent, .. } => {
                added_line(text, close, &format!("{indent}- {}", entry(name, address, service)))
            }
            Layout::Block { dash, key } => {
                let lines = [
                    format!("{dash}- {}hostname: {}", " ".repeat(key - dash.len() - 2), scalar(name.as_str())),
                    format!("{0:key$}ip_address: {1}", "", scalar(&address.to_string())),
                    format!("{0:key$}services:", ""),
                    format!("{0:key$}  {1}: true", "", service.key()),
                ];
                added_line(text, end(last)?.checked_sub(1)?, &lines.join(line_end(text)))
            }
        })
    }

    fn switched(&self, name: &NodeName, service: Service, on: bool) -> Option<String> {
        let text = &*self.source.text;
        let item = self.written(Some(name))?;
        let pair = format!("{}: {on}", service.key());
        let Some(services) = item.get("services").filter(|entry| !entry.value.is_null()) else {
            let pair = format!("services: {{{pair}}}");
            return Some(match Layout::of(text, item)? {
                Layout::Flow { close, .. } => inserted(text, close, &format!(", {pair}")),
                Layout::Block { key, .. } => {
                    added_line(text, end(item)?.checked_sub(1)?, &format!("{0:key$}{pair}", ""))
                }
            });
        };
        if services.value.via.is_some() {
            return None;
        }
        if let Some(entry) = services.value.get(service.key()) {
            let Span { start, end } = entry.value.span;
            let plain = entry.key.via.is_none() && entry.value.via.is_none() && start < end;
            return plain.then(|| [&text[..start], if on { "true" } else { "false" }, &text[end..]].concat());
        }
        let Kind::Map(entries) = &services.value.kind else { return None };
        let last = entries.last()?;
        let after = end(&last.value)?;
        let (_, mark) = before(text, entries.first()?.key.span.start)?;
        if mark == '{' {
            return Some(inserted(text, after, &format!(", {pair}")));
        }
        let column = column(text, last.key.span.start);
        Some(added_line(text, after.checked_sub(1)?, &format!("{0:column$}{pair}", "")))
    }

    // The entry of a controller, as it is written; the last one without a name.
    fn written(&self, name: Option<&NodeName>) -> Option<&Value> {
        let controllers = &self.tree.get("nodes")?.value.get("controllers")?.value;
        let Kind::Seq(items) = &controllers.kind else { return None };
        let is = |item: &&Value, name: &NodeName| {
            let found = item.get("hostname").and_then(|entry| entry.value.as_text());
            found.is_some_and(|found| NodeName::new(found) == *name)
        };
        let item = match name {
            Some(name) => items.iter().find(|item| is(item, name))?,
            None => items.last()?,
        };
        (controllers.via.is_none() && item.via.is_none()).then_some(item)
    }
}

/// How an entry of the list is written.
enum Layout {
    /// `{hostname: ..}`, to this brace; in a list of the same kind, or behind a dash that stands behind this.
    Flow { close: usize, in_flow: bool, indent: String },
    /// A key a line: what stands before the dash, and in which column the keys begin.
    Block { dash: String, key: usize },
}

impl Layout {
    fn of(text: &str, item: &Value) -> Option<Self> {
        let Kind::Map(entries) = &item.kind else { return None };
        let first = entries.first()?;
        if first.key.via.is_some() {
            return None;
        }
        let key = first.key.span.start;
        match before(text, key)? {
            (open, '{') => {
                let (at, mark) = before(text, open)?;
                let indent = text[line_start(text, at)..at].to_owned();
                (mark == '-' && indent.trim().is_empty() || matches!(mark, '[' | ',')).then_some(())?;
                Some(Self::Flow { close: closing(text, open)?, in_flow: mark != '-', indent })
            }
            (at, '-') => {
                let dash = text[line_start(text, at)..at].to_owned();
                dash.trim().is_empty().then(|| Self::Block { dash, key: column(text, key) })
            }
            _ => None,
        }
    }
}

fn same(one: &InventoryNode, other: &InventoryNode) -> bool {
    InventoryNode { span: Span::default(), ..one.clone() } == InventoryNode { span: Span::default(), ..other.clone() }
}

fn entry(name: &NodeName, address: IpAddr, service: Service) -> String {
    let (name, address) = (scalar(name.as_str()), scalar(&address.to_string()));
    format!("{{hostname: {name}, ip_address: {address}, services: {{{}: true}}}}", service.key())
}

// Quoted where it could be taken for something else: a number, a truth, nothing, or with a colon in it.
fn scalar(text: &str) -> String {
    let words = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let safe =
        text.starts_with(|c: char| c.is_ascii_alphabetic()) && !text.contains(':') || text.matches('.').count() == 3;
    if safe && !words.contains(&text.to_lowercase().as_str()) { text.to_owned() } else { format!("'{text}'") }
}

// The last character before this place that is no blank, and where it is.
fn before(text: &str, at: usize) -> Option<(usize, char)> {
    text[..at].char_indices().rev().find(|(_, c)| !c.is_whitespace())
}

// The end of what is written of a value.
fn end(value: &Value) -> Option<usize> {
    if let Some(alias) = value.via {
        return Some(alias.end);
    }
    match &value.kind {
        Kind::Scalar { .. } => Some(value.span.end),
        Kind::Seq(items) => items.iter().map(end).max()?,
        Kind::Map(entries) => entries.iter().map(|entry| end(&entry.value).max(Some(entry.key.span.end))).max()?,
    }
}

// The brace that closes the one at `open`: those in quotes and comments do not count.
fn closing(text: &str, open: usize) -> Option<usize> {
    let (mut depth, mut quote, mut last) = (0_usize, None, ' ');
    let mut chars = text[open..].char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some('"'), '\\') => {
                chars.next();
            }
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') if matches!(last, ' ' | '\n' | ',' | ':' | '{' | '[') => quote = Some(c),
            (None, '#') if last.is_whitespace() => {
                chars.by_ref().find(|(_, c)| *c == '\n');
            }
            (None, '{') => depth += 1,
            (None, '}') => {
                depth -= 1;
                if depth == 0 {
                    return Some(open + at);
                }
            }
            _ => {}
        }
        last = c;
    }
    None
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

fn column(text: &str, at: usize) -> usize {
    text[line_start(text, at)..at].chars().count()
}

fn line_end(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

fn inserted(text: &str, at: usize, more: &str) -> String {
    [&text[..at], more, &text[at..]].concat()
}

// After the line of this place.
fn added_line(text: &str, at: usize, line: &str) -> String {
    match text[at..].find('\n') {
        Some(newline) => inserted(text, at + newline + 1, &[line, line_end(text)].concat()),
        None => [text, line_end(text), line, line_end(text)].concat(),
    }
}

#[cfg(test)]
mod tests;
