//! The only integration binary of this crate.

mod driven;
mod imagined;
#[cfg(target_os = "linux")]
mod specimens;
