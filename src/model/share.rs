//! So many, or so many of a hundred.

use std::str::FromStr;

/// A number of nodes, or a part of all that are meant: `3`, `25%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// So many.
    Nodes(usize),
    /// So many of a hundred, at most a hundred.
    Percent(u8),
}

impl Share {
    /// Of `all`, how many; a part of a node is none.
    pub fn of(self, all: usize) -> usize {
        match self {
            Self::Nodes(nodes) => nodes,
            Self::Percent(percent) => all.saturating_mul(percent.into()) / 100,
        }
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither a number of nodes (`3`) nor a part of them (`25%`)");
        let number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        match text.strip_suffix('%') {
            Some(percent) if number(percent) => {
                let percent = percent.parse().ok().filter(|percent| *percent <= 100);
                percent.map(Self::Percent).ok_or_else(wrong)
            }
            None if number(text) => text.parse().map(Self::Nodes).map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_numbers_or_parts() {
        let of = |text: &str, all| text.parse::<Share>().map(|share| share.of(all));
        for (text, all, nodes) in
            [("0", 9, 0), ("3", 9, 3), ("12", 9, 12), ("25%", 9, 2), ("100%", 9, 9), ("0%", 9, 0), ("10%", 9, 0)]
        {
            assert_eq!(of(text, all), Ok(nodes), "{text} of {all}");
        }
        for bad in ["", "%", "-1", "+1", "1.5", "101%", "300%", "many", "5 %", "99999999999999999999999"] {
            assert!(of(bad, 9).is_err(), "{bad}");
        }
    }
}
