//! Policies are tests: who may use whom, the shape of rooms, sizes, words.

#![expect(clippy::unwrap_used, unreachable_pub, reason = "a test that cannot go on has failed; it exports nothing")]

mod edges;
mod rooms;
mod sizes;
mod source;
