//! Who is told.

use std::io;

use crate::events::HandEnded;
use crate::model::{NodeName, Side};

/// Who is told what comes from the nodes.
pub trait HandTeller: Send {
    /// Bytes of an output have come.
    fn heard(&mut self, node: &NodeName, side: Side, bytes: &[u8]) -> io::Result<()>;
    /// It has ended on a node.
    fn ended(&mut self, ended: &HandEnded) -> io::Result<()>;
    /// It has on all.
    fn finish(&mut self, _all: &[HandEnded]) -> io::Result<()> {
        Ok(())
    }
}
