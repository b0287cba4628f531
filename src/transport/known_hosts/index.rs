//! Lines by the names that they are about, so that not each has to be tried for each host of a fleet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::line::Hosts;

/// Numbers of lines, in their order.
#[derive(Debug, Default)]
pub(super) struct Index {
    named: HashMap<String, Vec<usize>>,
    /// With patterns or a hash.
    others: Vec<usize>,
    /// What trying those came to: a hash costs, and each name is looked up several times.
    tried: Mutex<HashMap<String, Arc<[usize]>>>,
}

impl Index {
    /// One more line.
    pub(super) fn add(&mut self, line: usize, hosts: &Hosts) {
        let tried = self.tried.get_mut().unwrap_or_else(PoisonError::into_inner);
        match hosts {
            Hosts::Patterns(names) if !names.iter().any(|name| name.contains(['*', '?', '!'])) => {
                for name in names {
                    tried.remove(name);
                    self.named.entry(name.clone()).or_default().push(line);
                }
            }
            Hosts::Patterns(_) | Hosts::Hashed { .. } => {
                tried.clear();
                self.others.push(line);
            }
        }
    }

    /// All lines about a name; `is` tries one.
    pub(super) fn about(&self, name: &str, is: impl Fn(usize) -> bool) -> Arc<[usize]> {
        let tried = || self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = tried().get(name) {
            return Arc::clone(known);
        }
        let others = self.others.iter().filter(|line| is(**line));
        let mut lines: Vec<usize> = self.named.get(name).into_iter().flatten().chain(others).copied().collect();
        lines.sort_unstable();
        lines.dedup();
        let lines = Arc::<[usize]>::from(lines);
        tried().insert(name.to_owned(), Arc::clone(&lines));
        lines
    }
}
