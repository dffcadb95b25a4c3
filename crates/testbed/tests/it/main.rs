//! Sites, the switch between them and what runs there, with real processes.

#![cfg(target_os = "linux")]

mod bench;
mod cleaning;
mod links;
mod proxies;
mod sites;
