//! Small readings of words.

use std::time::Duration;

/// Text from a file, fit to be printed in a message: control characters escaped, cut after 60 characters.
pub fn show(text: &str) -> String {
    let mut shown = String::new();
    for (at, c) in text.chars().enumerate() {
        if at == 60 {
            shown.push_str("..");
            break;
        }
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// The candidate that was most likely meant, if any is near: a typing error or two, or one part of its name.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.trim().to_lowercase().replace(['-', ' '], "_");
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let typing = candidates
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.replace('-', "_")), *candidate))
        .filter(|(distance, candidate)| *distance <= (word.len().min(candidate.len()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance);
    // One part in common, or one the beginning of the other: only where that fits to a single candidate.
    let part = || {
        let shares = |candidate: &str| word.split('_').any(|part| candidate.split(['_', '-']).any(|own| own == part));
        let begins = |candidate: &str| word.starts_with(candidate) || candidate.starts_with(&word);
        let mut near = candidates.iter().filter(|candidate| word.len() > 1 && (shares(candidate) || begins(candidate)));
        near.next().filter(|_| near.next().is_none()).copied()
    };
    typing.map(|(_, candidate)| candidate).or_else(part)
}

/// Reads `500ms`, `10s`, `2m`, `1h`; `None` where it is not a whole number with a unit.
pub fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    match &text[digits..] {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
}

/// Reads a truth as YAML 1.1 writes it; only where one is asked for, so that a volume option stays `on`.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// `a, b or c`, each in backticks.
pub(crate) fn either<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_a_typing_error_or_a_part() {
        let keys = ["volume_name", "brick_path", "mount_point", "ip_address", "hostname"];
        for (word, expected) in [
            ("volum_name", Some("volume_name")),
            ("volume-name", Some("volume_name")),
            ("Hostname", Some("hostname")),
            ("ip", Some("ip_address")),
            ("brick", Some("brick_path")),
            ("mountpoint", Some("mount_point")),
            ("host", Some("hostname")),
            ("volume", Some("volume_name")),
            ("mount_path", None),
            ("password", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, keys), expected, "{word}");
        }
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("10s"), Some(Duration::from_secs(10)));
        assert_eq!(duration("2m"), Some(Duration::from_secs(120)));
        assert_eq!(duration("1h"), Some(Duration::from_secs(3600)));
        for bad in ["", "10", "s", "-1s", "1.5s", "10 s", "10sec", "99999999999999999999s", "18446744073709551615h"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn shown_text_has_no_control_characters_and_an_end() {
        assert_eq!(show("a\u{1b}[31m\nb"), "a\\u{1b}[31m\\nb");
        assert_eq!(show(&"x".repeat(100)).len(), 62);
    }
}
