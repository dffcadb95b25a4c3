//! The audit: which of the eight fallacies of distributed computing some Rust code relies on, read off its text alone.
//!
//! ```
//! use std::path::Path;
//!
//! use constellation_audit::{Options, audit_text};
//!
//! let code = "async fn join(peer: &str) -> std::io::Result<()> {
//!     tokio::net::TcpStream::connect(peer).await?;
//!     Ok(())
//! }";
//! let audit = audit_text(Path::new("join.rs"), code.as_bytes(), &Options::default());
//! assert_eq!(audit.findings[0].rule.id, "reliable::connect-no-timeout");
//! ```
//!
//! One direction: which files (`walk`), their bytes and comments (`source`), their tree with the names in it (`syntax`,
//! `outline`, `scope`), one pass that stops where rules look (`traversal`, `look`), what they say (`rules`), what comments
//! allow (`allow`), findings. What is known of libraries is data (`libraries/`). No compiler is asked and nothing is built.
//!
//! This crate must never know a run, a trace or a judge, nor a terminal.

#![forbid(unsafe_code)]

mod allow;
mod audit;
mod baseline;
mod bodies;
mod disallowed;
mod effort;
mod family;
mod finding;
mod fingerprint;
mod knowledge;
mod locks;
mod look;
mod mend;
mod near;
mod outline;
mod own;
pub mod prose;
mod retry;
mod rule;
pub mod rules;
mod scope;
mod source;
mod syntax;
mod tested;
mod traversal;
mod walk;
mod words;

use std::fmt;
use std::path::PathBuf;

pub use audit::{Audit, Options, Suppressed, THREAD, Tally, audit, audit_text};
pub use baseline::{Compared, Known, seen_from};
pub use disallowed::{Disallowed, disallowed};
pub use family::Family;
pub use finding::{Beside, Excerpt, Finding, Level, NotAudited, Setting};
pub use fingerprint::Fingerprint;
pub use mend::{Mended, mend};
pub use own::{Own, OwnError, Unmatched};
pub use rule::{Page, Rule};
pub use traversal::Tests;
pub use walk::is_any_hidden;

/// Why nothing could be audited.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing at a path that was named.
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Unreadable { path, error } => {
                write!(f, "cannot read `{}`: {}", path.display(), walk::system_text(error))
            }
        }
    }
}

impl std::error::Error for Error {}
