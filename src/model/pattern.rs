//! Patterns with `*` and `?`, as OpenSSH has them in all its files (`match.c`, `match_pattern`).

/// `*` for any run of characters, `?` for one. Linear with one step back, so a hostile pattern costs nothing.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == b'?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((star_p, star_t)) = star else { return false };
                star = Some((star_p, star_t + 1));
                p = star_p + 1;
                t = star_t + 1;
            }
        }
    }
    pattern[p..].iter().all(|&c| c == b'*')
}

/// Matches a list: one pattern must, and none with `!`.
pub fn any(patterns: &[String], name: &str) -> bool {
    let excluded = |pattern: &String| pattern.strip_prefix('!').is_some_and(|not| matches(not, name));
    !patterns.iter().any(excluded) && patterns.iter().any(|pattern| matches(pattern, name))
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
