//! Sites, the switch between them and what runs there, with real processes.

mod bench;
mod cleaning;
mod links;
mod proxies;
mod sites;
