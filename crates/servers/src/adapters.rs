//! The adapters that are built in, a file each, and what else runs at a site: processes like those of a user, of which this
//! program is each.
//!
//! Those of real servers need client crates, and are there with the feature `real`.

pub(crate) mod listens;
pub mod seat;
pub(crate) mod specimen;

#[cfg(feature = "real")]
mod answers;
#[cfg(feature = "real")]
mod etcd;
#[cfg(feature = "real")]
mod nats;
#[cfg(feature = "real")]
mod postgres;
#[cfg(feature = "real")]
mod reach;
#[cfg(feature = "real")]
mod redis;

/// An adapter that is built in.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// What it is called on the hidden command line `adapter NAME …`.
    pub name: &'static str,
    /// Serves standard input and output until the input ends; the arguments are those behind the name.
    ///
    /// # Errors
    /// The arguments are of no use, in words for whoever wrote the server.
    pub run: fn(&[String]) -> Result<(), String>,
}

/// What waits until something at a site accepts connections.
pub(crate) const LISTENS: &str = listens::NAME;

/// Every one. To add one, add its file and a line here.
pub const ADAPTERS: &[BuiltIn] = &[
    BuiltIn { name: listens::NAME, run: listens::run },
    BuiltIn { name: specimen::ADAPTER, run: specimen::run_adapter },
    BuiltIn { name: specimen::SITE, run: specimen::run_site },
    #[cfg(feature = "real")]
    BuiltIn { name: "etcd", run: etcd::run },
    #[cfg(feature = "real")]
    BuiltIn { name: "nats", run: nats::run },
    #[cfg(feature = "real")]
    BuiltIn { name: "postgres", run: postgres::run },
    #[cfg(feature = "real")]
    BuiltIn { name: "redis", run: redis::run },
];

/// Whether there is an adapter of this name in this program.
pub fn is_there(name: &str) -> bool {
    ADAPTERS.iter().any(|adapter| adapter.name == name)
}

/// Runs the adapter of this name.
///
/// # Errors
/// There is none of this name, or it cannot be run.
pub fn run(name: &str, arguments: &[String]) -> Result<(), String> {
    match ADAPTERS.iter().find(|adapter| adapter.name == name) {
        Some(adapter) => (adapter.run)(arguments),
        None if cfg!(feature = "real") => Err(format!("no adapter is called `{name}`")),
        None => Err(format!("no adapter is called `{name}` in a command without the feature `real`")),
    }
}
