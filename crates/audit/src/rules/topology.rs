//! Topology does not change: numbers of nodes and their places, written down.

mod hash_mod_members;
mod ip_literal;
mod literal_quorum;
mod peer_list_literal;
mod resolve_once;

use crate::rule::Rule;

/// Its rules, by name.
pub(crate) static RULES: &[Rule] = &[
    hash_mod_members::RULE,
    ip_literal::RULE,
    literal_quorum::RULE,
    peer_list_literal::RULE,
    resolve_once::RULE,
];
