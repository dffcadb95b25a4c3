//! The network is homogeneous: bytes that mean something on this machine alone.

mod native_endian;
mod usize_to_bytes;

use crate::rule::Rule;

/// Its rules, by name.
pub(crate) static RULES: &[Rule] = &[native_endian::RULE, usize_to_bytes::RULE];
