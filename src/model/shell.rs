//! Quoting for a POSIX shell: the one function through which a value reaches a script.

/// Quotes `text` as one word for `sh`. Plain words stay as they are, so that a printed script reads well;
/// everything else is put in single quotes, with `'` written as `'\''`.
///
/// A NUL cannot be passed to a program at all; loaders refuse it, and here it is dropped.
pub fn quote(text: &str) -> String {
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for c in text.chars() {
        match c {
            '\'' => quoted.push_str("'\\''"),
            '\0' => {}
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

/// Quotes each word and joins them with spaces.
pub fn quote_all<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(quote).collect::<Vec<_>>().join(" ")
}

// `~` and `=` are left out: `~x` expands, and `a=b` in first place is an assignment.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-' | b':' | b',' | b'@' | b'%' | b'+')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_from_a_real_sh() {
        let hostile = [
            "", "plain", "a b", "it's", "$HOME", "`id`", "\"", "\\", "*", "~root", "a=b", "-n", "#", "!x", "é\n\tz",
            ";", "&", "'\\''", "$(id)", "\u{202e}",
        ];
        for word in hostile {
            let script = format!("printf %s {}", quote(word));
            let out = std::process::Command::new("sh").arg("-c").arg(&script).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&out.stdout), word, "{script}");
        }
    }

    #[test]
    fn plain_words_stay_readable() {
        assert_eq!(quote("/data/glusterfs/shared"), "/data/glusterfs/shared");
        assert_eq!(quote_all(["10.0.0.1:/b", "a b"]), "10.0.0.1:/b 'a b'");
    }
}
