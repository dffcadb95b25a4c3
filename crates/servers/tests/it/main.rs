//! The only integration binary of this crate.

mod driven;
mod imagined;
