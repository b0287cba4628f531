//! Ctrl-C: once, no new work; twice, we stop following.

use std::sync::Arc;

use tokio::sync::watch;

/// How often the person at the terminal has pressed Ctrl-C; cheap to clone.
#[derive(Clone)]
pub struct Interrupt(Arc<watch::Sender<u8>>);

impl Default for Interrupt {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Interrupt {
    /// Once more; answers how often by now.
    pub fn press(&self) -> u8 {
        self.0.send_modify(|count| *count = count.saturating_add(1));
        *self.0.borrow()
    }

    /// No new work is to be begun.
    pub fn stopping(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Waits until no new work is to be begun.
    pub async fn pressed(&self) {
        self.more_than(0).await;
    }

    /// Waits until nothing is to be followed any more.
    pub async fn abandoned(&self) {
        self.more_than(1).await;
    }

    async fn more_than(&self, times: u8) {
        let mut count = self.0.subscribe();
        // The sender lives in `self`: it cannot be gone.
        let _alive = count.wait_for(|count| *count > times).await;
    }
}
