//! The audit as whoever calls it meets it.

mod corpus;
mod files;
mod mending;
mod moved;
mod own;
mod prose;
mod reading;
mod rules;
mod suppressing;
