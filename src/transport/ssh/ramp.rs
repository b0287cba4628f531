//! How many connections are opened at once.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

/// Few in the beginning, one more with each success: what is in between (a VPN, a bastion, the agent) is not met with
/// everything at once, and a fleet of hundreds is at full speed after a few round trips.
pub(super) struct Ramp {
    slots: Semaphore,
    granted: AtomicUsize,
    most: usize,
}

impl Ramp {
    pub(super) fn new(start: usize, most: usize) -> Self {
        let most = most.max(1);
        let start = start.clamp(1, most);
        Self { slots: Semaphore::new(start), granted: AtomicUsize::new(start), most }
    }

    /// A place among those that are being opened. `None` never comes: the semaphore is not closed.
    pub(super) async fn enter(&self) -> Option<SemaphorePermit<'_>> {
        self.slots.acquire().await.ok()
    }

    /// One more from now on.
    pub(super) fn succeeded(&self) {
        let more = |granted| (granted < self.most).then_some(granted + 1);
        if self.granted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok() {
            self.slots.add_permits(1);
        }
    }
}

/// How long to wait before try number `attempt` (from 1): doubling from 200 ms to 3.2 s, of which half is chance, so
/// that many who were refused together do not come back together.
pub(super) fn backoff(attempt: u32) -> Duration {
    let longest = 200_u64 << attempt.saturating_sub(1).min(4);
    let chance = RandomState::new().build_hasher().finish() % longest;
    Duration::from_millis(longest / 2 + chance / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_success_lets_one_more_in_up_to_the_limit() {
        let ramp = Ramp::new(2, 4);
        for expected in [2, 3, 4, 4, 4] {
            assert_eq!(ramp.slots.available_permits(), expected);
            ramp.succeeded();
        }
        let _held = [ramp.enter().await, ramp.enter().await, ramp.enter().await, ramp.enter().await];
        assert!(ramp.slots.try_acquire().is_err());
    }

    #[test]
    fn a_limit_of_nothing_lets_one_in() {
        assert_eq!(Ramp::new(16, 0).slots.available_permits(), 1);
    }

    #[test]
    fn waiting_grows_and_differs() {
        for attempt in 1..8 {
            let longest = Duration::from_millis(200 << (attempt - 1).min(4));
            let waits: Vec<_> = (0..50).map(|_| backoff(attempt)).collect();
            assert!(waits.iter().all(|wait| *wait >= longest / 2 && *wait <= longest));
            assert!(waits.iter().any(|wait| *wait != waits[0]));
        }
    }
}
