//! What a room asks of a playbook.

/// The terms between a room and a playbook, whoever wrote it: `check` proves that a replaced folder keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contract {
    /// `SERVICE/NAME`: `glusterfs/install`.
    pub playbook: &'static str,
    /// The variables it is given. A playbook may leave some unused, and may use no others.
    pub vars: &'static [&'static str],
}
