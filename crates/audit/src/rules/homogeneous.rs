//! The network is homogeneous: bytes that mean something on this machine alone.

mod codec_unversioned;
mod default_hasher_placement;
mod native_endian;
mod struct_as_bytes;
mod usize_to_bytes;

use crate::rule::Rule;

/// Its rules, by name.
pub(crate) static RULES: &[Rule] = &[
    codec_unversioned::RULE,
    default_hasher_placement::RULE,
    native_endian::RULE,
    struct_as_bytes::RULE,
    usize_to_bytes::RULE,
];
