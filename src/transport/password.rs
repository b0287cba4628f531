//! A password that is given to many nodes, until one of them refuses it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedMutexGuard, oneshot};
use tokio::time::timeout;

use crate::model::Secret;

/// A node that has not answered for this long keeps the others from trying no longer.
const PATIENCE: Duration = Duration::from_secs(15);

/// One user's, for all nodes. The first node tries it while the others wait: a wrong one would otherwise be sent to all
/// of them before the first has answered, and accounts that are locked after a few failures are often those of the
/// whole fleet. One that some node has taken is right: then a refusal is that node's alone.
#[derive(Debug)]
pub struct Password {
    secret: Secret,
    known: Mutex<Known>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// What the nodes have said of it.
#[derive(Clone, Debug)]
enum Known {
    Nothing,
    Taken,
    RefusedBy(String),
}

impl Password {
    /// One that no node has seen.
    pub fn new(secret: Secret) -> Self {
        Self { secret, known: Mutex::new(Known::Nothing), turn: Arc::default() }
    }

    /// What nothing may print.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Waits until it may be sent. `Err` names the node that has refused it.
    pub(crate) async fn turn(&self) -> Result<Turn<'_>, String> {
        let mut guard = None;
        loop {
            match self.known() {
                Known::RefusedBy(node) => return Err(node),
                Known::Taken => return Ok(Turn { password: self, _over: None }),
                Known::Nothing => match guard {
                    None => guard = Some(Arc::clone(&self.turn).lock_owned().await),
                    Some(guard) => return Ok(Turn { password: self, _over: Some(release(guard)) }),
                },
            }
        }
    }

    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn learn(&self, what: Known) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*known, Known::Taken) {
            *known = what;
        }
    }
}

/// Lets the others go when the sender is dropped, or when it takes too long.
fn release(guard: OwnedMutexGuard<()>) -> oneshot::Sender<()> {
    let (over, until) = oneshot::channel();
    tokio::spawn(async move {
        let _ = timeout(PATIENCE, until).await;
        drop(guard);
    });
    over
}

/// One node tries it. Dropped without a word, nothing is known of it.
pub(crate) struct Turn<'a> {
    password: &'a Password,
    _over: Option<oneshot::Sender<()>>,
}

impl Turn<'_> {
    pub(crate) fn reveal(&self) -> &str {
        self.password.secret.reveal()
    }

    pub(crate) fn taken(self) {
        self.password.learn(Known::Taken);
    }

    pub(crate) fn refused(self, node: &str) {
        self.password.learn(Known::RefusedBy(node.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password() -> Password {
        Password::new(Secret::new("x".to_owned()))
    }

    #[tokio::test(start_paused = true)]
    async fn one_tries_and_the_others_hear_of_it() {
        let password = password();
        let first = password.turn().await.unwrap();
        let (second, ()) = tokio::join!(password.turn(), async { first.refused("server1") });
        assert_eq!(second.err().unwrap(), "server1");
        assert!(password.turn().await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_was_taken_is_right_whoever_else_refuses_it() {
        let password = password();
        password.turn().await.unwrap().taken();
        let (one, two) = (password.turn().await.unwrap(), password.turn().await.unwrap());
        one.refused("server2");
        two.taken();
        assert!(password.turn().await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_says_nothing_holds_nobody_up_for_long() {
        let password = password();
        let silent = password.turn().await.unwrap();
        let since = tokio::time::Instant::now();
        let second = password.turn().await.unwrap();
        assert_eq!(since.elapsed(), PATIENCE);
        silent.refused("server1");
        drop(second);
        assert!(password.turn().await.is_err());
    }
}
