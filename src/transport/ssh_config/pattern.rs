//! Patterns of `Host` lines.

/// Matches one pattern: `*` and `?`, and nothing else is special (`match.c`, `match_pattern`).
pub(in crate::transport) fn matches(pattern: &str, name: &str) -> bool {
    let mut pattern = pattern.chars();
    match pattern.next() {
        None => name.is_empty(),
        Some('*') => {
            let rest = pattern.as_str();
            name.char_indices().map(|(at, _)| at).chain([name.len()]).any(|at| matches(rest, &name[at..]))
        }
        Some(wanted) => {
            let mut name = name.chars();
            name.next().is_some_and(|c| wanted == '?' || wanted == c) && matches(pattern.as_str(), name.as_str())
        }
    }
}

/// Matches a `Host` line: one pattern must, and none with `!`.
pub(super) fn any(patterns: &[String], name: &str) -> bool {
    let mut found = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(not) if matches(not, name) => return false,
            Some(_) => {}
            None => found |= matches(pattern, name),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_openssh_says() {
        for (pattern, name, is) in [
            ("*", "", true),
            ("web?", "web1", true),
            ("web?", "web", false),
            ("*.example.org", "a.b.example.org", true),
            ("10.0.*.1", "10.0.77.1", true),
            ("w*b*1", "web-11", true),
            ("Web", "web", false),
            ("[a]", "a", false),
        ] {
            assert_eq!(matches(pattern, name), is, "{pattern} {name}");
        }
        let list = ["*".to_owned(), "!server2".to_owned()];
        assert!(any(&list, "server1") && !any(&list, "server2"));
        assert!(!any(&["!server2".to_owned()], "server1"));
    }
}
