//! Every key once, and merge keys (`<<`) resolved.

use std::collections::HashMap;

use crate::yaml::{Entry, Kind, Problem, Problems, Value, show};

/// The entries of a map as they stand in the file, to what they mean. Of a key that is there twice, the first is
/// kept and the second is a problem. What stands in the map itself wins over what is merged into it, and of
/// merged maps the earlier one wins.
pub(crate) fn resolve(written: Vec<Entry>, problems: &mut Problems) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::with_capacity(written.len());
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut merged = Vec::new();
    for entry in written {
        if let Some(first) = seen.get(&entry.key.text) {
            let first = entries.get(*first).map_or(entry.key.span, |first: &Entry| first.key.span);
            problems.push(
                Problem::key(&entry.key, format!("key `{}` is here a second time", show(&entry.key.text)))
                    .also(first, "first here")
                    .help("keep one of the two"),
            );
            continue;
        }
        seen.insert(entry.key.text.clone(), entries.len());
        if entry.key.text == "<<" {
            merged.extend(sources(&entry, problems));
        }
        entries.push(entry);
    }
    entries.retain(|entry| entry.key.text != "<<");
    for entry in merged {
        if seen.insert(entry.key.text.clone(), 0).is_none() {
            entries.push(entry);
        }
    }
    entries
}

fn sources(merge: &Entry, problems: &mut Problems) -> Vec<Entry> {
    let maps: Vec<&Value> = match &merge.value.kind {
        Kind::Seq(items) => items.iter().collect(),
        _ => vec![&merge.value],
    };
    let mut entries = Vec::new();
    for map in maps {
        match &map.kind {
            Kind::Map(more) => entries.extend(more.iter().cloned()),
            _ => problems.push(
                Problem::of(map, format!("`<<` takes a map to merge, not {}", map.word()))
                    .help("write the alias of a map: `<<: *name`"),
            ),
        }
    }
    entries
}
