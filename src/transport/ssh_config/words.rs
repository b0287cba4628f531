//! A line of the configuration: keyword and arguments (`readconf.c`, `process_config_line_depth`).

/// The keyword, in lower case, and what follows it; nothing for an empty line and a comment.
pub(super) fn split(line: &str) -> Option<(String, &str)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(line.len());
    let (keyword, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest).trim_start();
    Some((keyword.trim_matches('"').to_ascii_lowercase(), rest))
}

/// The arguments: quotes of both kinds, backslashes before quotes, backslashes and blanks, a comment at the end
/// (`misc.c`, `argv_split`).
pub(super) fn arguments(rest: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut chars = rest.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        match chars.peek() {
            None | Some('#') => return Ok(words),
            Some(_) => words.push(word(&mut chars)?),
        }
    }
}

fn word(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String, &'static str> {
    let mut word = String::new();
    let mut quote = None;
    while let Some(c) = chars.next_if(|c| quote.is_some() || !c.is_whitespace()) {
        match (c, quote) {
            ('\\', _) => match chars.next_if(|c| matches!(c, '\'' | '"' | '\\') || *c == ' ' && quote.is_none()) {
                Some(escaped) => word.push(escaped),
                None => word.push(c),
            },
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            _ => word.push(c),
        }
    }
    if quote.is_some() { Err("a quote is not closed") } else { Ok(word) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split_as_openssh_does() {
        assert_eq!(split("  HostName=  example  "), Some(("hostname".to_owned(), "example")));
        assert_eq!(split("Port = 22"), Some(("port".to_owned(), "22")));
        assert_eq!(split("# x").or(split("")), None);
        let words = |rest: &str| arguments(rest).unwrap();
        assert_eq!(words(r#""a b" 'c "d' e\ f g\"h i\j # no"#), ["a b", "c \"d", "e f", "g\"h", r"i\j"]);
        assert_eq!(words("a#b"), ["a#b"]);
        assert!(arguments("\"a").is_err());
    }
}
