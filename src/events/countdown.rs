//! How far something is that a step says of: lines as `412 entries left`.

/// From the most that was left, to what is left now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Countdown {
    /// The most.
    pub from: u64,
    /// What is left.
    pub left: u64,
    from_ms: i64,
    left_ms: i64,
}

impl Countdown {
    /// After a line that was said at `at`, milliseconds since 1970; `None` where it says of nothing that is left. Where there is more than
    /// before, it begins anew.
    pub fn after(before: Option<Self>, line: &str, at: i64) -> Option<Self> {
        let (number, rest) = line.trim_end().split_once(' ')?;
        let left = number.parse().ok().filter(|_| rest.ends_with(" left"))?;
        let new = Self { from: left, left, from_ms: at, left_ms: at };
        let before = before.filter(|before| left <= before.left).unwrap_or(new);
        Some(Self { left, left_ms: at, ..before })
    }

    /// Milliseconds that the rest will take at the pace so far; `None` before it moves.
    pub fn rest_ms(&self) -> Option<u64> {
        let done = self.from.checked_sub(self.left).filter(|done| *done > 0)?;
        let took = u64::try_from(self.left_ms - self.from_ms).ok().filter(|took| *took > 0)?;
        Some(u64::try_from(u128::from(took) * u128::from(self.left) / u128::from(done)).unwrap_or(u64::MAX))
    }

    /// Of a thousand, how many are done.
    pub fn done_per_mille(&self) -> u64 {
        (self.from - self.left).saturating_mul(1000).checked_div(self.from).unwrap_or(1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_counted_down_and_its_end_is_foretold() {
        let first = Countdown::after(None, "400 entries left", 1_000).unwrap();
        assert_eq!((first.left, first.rest_ms(), first.done_per_mille()), (400, None, 0));
        let later = Countdown::after(Some(first), "300 entries left\n", 11_000).unwrap();
        assert_eq!((later.rest_ms(), later.done_per_mille()), (Some(30_000), 250));
        assert_eq!(Countdown::after(Some(later), "500 entries left", 12_000).unwrap().from, 500, "more than before");
        for line in ["", "12 moved", "entries left", "x entries left", "not connected: a"] {
            assert_eq!(Countdown::after(Some(later), line, 0), None, "{line}");
        }
    }
}
