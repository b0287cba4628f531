//! What becomes of the pool and of the volume's bricks, once that is decided.

use crate::model::NodeName;
use crate::plan::Note;
use crate::services::glusterfs::facts::Brick;
use crate::services::glusterfs::spec::Member;

/// What happens to the volume's bricks.
#[derive(Default)]
pub(super) enum Change<'a> {
    /// Nothing.
    #[default]
    None,
    /// One create with all bricks: it costs 4 s where a join of each costs 5 s more (fact 2.14).
    Create { replica: u32, members: Vec<&'a Member> },
    /// One `add-brick` that raises the replica count, one that adds replica sets.
    Grow { raise: Vec<&'a Member>, replica: u32, extend: Vec<&'a Member> },
    /// One `replace-brick`. `lost`: the old brick does not run any more.
    Replace { brick: &'a Brick, by: &'a Member, lost: bool },
}

/// How the cluster grows.
#[derive(Default)]
pub(super) struct Growth<'a> {
    /// To be probed.
    pub(super) probes: Vec<&'a Member>,
    pub(super) change: Change<'a>,
    /// Get their copy when those of `change` are complete.
    pub(super) later: Vec<&'a Member>,
    pub(super) notes: Vec<Note>,
}

impl<'a> Growth<'a> {
    /// True where nothing grows.
    pub(super) fn is_none(&self) -> bool {
        self.probes.is_empty() && matches!(self.change, Change::None)
    }

    /// Members that get a brick, in the order of the command.
    pub(super) fn new_bricks(&self) -> Vec<&'a Member> {
        match &self.change {
            Change::None => Vec::new(),
            Change::Create { members, .. } => members.clone(),
            Change::Grow { raise, extend, .. } => raise.iter().chain(extend).copied().collect(),
            Change::Replace { by, .. } => vec![by],
        }
    }

    pub(super) fn gets_brick(&self, node: &NodeName) -> bool {
        self.new_bricks().iter().any(|member| member.node == *node)
    }
}
