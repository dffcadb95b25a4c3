//! One file a command: parse what it needs, call a library, print.

pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod claims;
pub(crate) mod completions;
pub(crate) mod explore;
pub(crate) mod export;
pub(crate) mod hunt;
pub(crate) mod join;
pub(crate) mod judge;
pub(crate) mod live;
pub(crate) mod modelled;
pub(crate) mod models;
pub(crate) mod place;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod scenarios;
pub(crate) mod specimens;
pub(crate) mod sweep;
#[cfg(feature = "tui")]
pub(crate) mod tui;
