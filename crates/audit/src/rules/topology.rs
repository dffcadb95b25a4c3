//! Topology does not change: numbers of nodes and their places, written down.

mod hash_mod_members;
mod literal_quorum;

use crate::rule::Rule;

/// Its rules, by name.
pub(crate) static RULES: &[Rule] = &[hash_mod_members::RULE, literal_quorum::RULE];
