//! Paths on the workstation.

use std::path::PathBuf;

use crate::inventory::Places;
use crate::yaml::{Item, Problem, Problems, show};

/// A file on the workstation: `~/` is the home directory, a relative path begins beside the inventory.
pub(crate) fn local(item: &Item<'_>, places: &Places, problems: &mut Problems) -> Option<PathBuf> {
    let text = item.line(problems)?;
    let Some(rest) = text.strip_prefix('~') else { return Some(places.beside.join(text)) };
    let Some(inside) = rest.strip_prefix('/') else {
        let message = format!("`{}` is not understood in {}", show(text), item.label);
        problems.push(Problem::item(item, message).help("only `~/` is: your own home; write other homes out"));
        return None;
    };
    let Some(home) = &places.home else {
        let message = format!("{} begins at your home, but `HOME` is not set", item.label);
        problems.push(Problem::item(item, message).help("set `HOME`, or write the whole path"));
        return None;
    };
    Some(home.join(inside))
}
