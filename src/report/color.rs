//! Colour or not.

use std::str::FromStr;

use console::Style;

/// What `--color` asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// On a terminal that can, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl FromStr for ColorChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            other => Err(format!("`{other}` is not one of `auto`, `always`, `never`")),
        }
    }
}

/// How text may look: with colours or without, with signs beyond ASCII or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint {
    /// Colours and bold.
    pub color: bool,
    /// Signs like `✔`.
    pub unicode: bool,
}

impl Paint {
    /// Neither colours nor signs: a log file.
    pub const PLAIN: Self = Self { color: false, unicode: false };

    /// What fits a stream. `env` reads an environment variable; an empty one counts as not set, as
    /// <https://no-color.org> says of `NO_COLOR`.
    pub fn choose(choice: ColorChoice, terminal: bool, env: &dyn Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| env(name).filter(|value| !value.is_empty());
        let color = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && set("NO_COLOR").is_none() && set("TERM").is_some_and(|t| t != "dumb"),
        };
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        Self { color, unicode: terminal && (locale.contains("utf-8") || locale.contains("utf8")) }
    }

    /// The text in a style, where colours are wanted.
    pub fn apply(self, style: &Style, text: &str) -> String {
        if self.color { style.clone().force_styling(true).apply_to(text).to_string() } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_the_flag_then_the_environment() {
        use ColorChoice::{Always, Auto, Never};
        type Env = &'static [(&'static str, &'static str)];
        let table: &[(ColorChoice, bool, Env, bool, bool)] = &[
            (Auto, true, &[("TERM", "xterm"), ("LANG", "en_US.UTF-8")], true, true),
            (Auto, false, &[("TERM", "xterm"), ("LANG", "en_US.UTF-8")], false, false),
            (Auto, true, &[("TERM", "xterm"), ("NO_COLOR", "1"), ("LANG", "C.utf8")], false, true),
            (Auto, true, &[("TERM", "xterm"), ("NO_COLOR", ""), ("LANG", "C")], true, false),
            (Auto, true, &[("TERM", "dumb")], false, false),
            (Auto, true, &[], false, false),
            (Always, false, &[("NO_COLOR", "1")], true, false),
            (Never, true, &[("TERM", "xterm"), ("LC_ALL", "C"), ("LANG", "en_US.UTF-8")], false, false),
        ];
        for (choice, terminal, env, color, unicode) in table {
            let read = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(
                Paint::choose(*choice, *terminal, &read),
                Paint { color: *color, unicode: *unicode },
                "{choice:?} {terminal} {env:?}"
            );
        }
    }
}
