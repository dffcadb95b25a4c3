//! The only integration binary of this crate.

mod declared;
mod driven;
#[cfg(target_os = "linux")]
mod field;
#[cfg(target_os = "linux")]
mod ground;
#[cfg(target_os = "linux")]
mod hunting;
mod imagined;
#[cfg(target_os = "linux")]
mod killing;
#[cfg(target_os = "linux")]
mod misbehaving;
#[cfg(target_os = "linux")]
mod own;
#[cfg(feature = "real")]
mod real;
#[cfg(target_os = "linux")]
mod specimens;
#[cfg(feature = "real")]
mod trio;
