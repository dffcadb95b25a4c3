//! The only integration binary of this crate.
