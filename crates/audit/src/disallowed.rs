//! What clippy can be told to refuse: calls that are wrong wherever they stand, or at least always worth a word.

use crate::knowledge::Knowledge;
use crate::locks::Versions;

/// A path that clippy is to refuse.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub struct Disallowed {
    /// As `disallowed-methods` of `clippy.toml` wants it.
    pub path: String,
    /// Which rule says why, as it is called.
    pub rule: &'static str,
}

/// Calls that no library's data name, each with the rule that says why.
const OTHERS: [(&str, &str); 11] = [
    ("reqwest::ClientBuilder::danger_accept_invalid_certs", "secure::tls-verify-off"),
    ("reqwest::ClientBuilder::danger_accept_invalid_hostnames", "secure::tls-verify-off"),
    ("reqwest::blocking::ClientBuilder::danger_accept_invalid_certs", "secure::tls-verify-off"),
    ("reqwest::blocking::ClientBuilder::danger_accept_invalid_hostnames", "secure::tls-verify-off"),
    ("std::time::SystemTime::elapsed", "clock::systemtime-elapsed"),
    ("usize::from_be_bytes", "homogeneous::usize-to-bytes"),
    ("usize::from_le_bytes", "homogeneous::usize-to-bytes"),
    ("usize::from_ne_bytes", "homogeneous::usize-to-bytes"),
    ("usize::to_be_bytes", "homogeneous::usize-to-bytes"),
    ("usize::to_le_bytes", "homogeneous::usize-to-bytes"),
    ("usize::to_ne_bytes", "homogeneous::usize-to-bytes"),
];

/// The paths that clippy's `disallowed_methods` can refuse with types known, by name: calls that nothing ends, of every
/// library that is known, and some more. Builders are not among them, since what is wrong with one is what is not called.
pub fn disallowed() -> Vec<Disallowed> {
    let knowledge = Knowledge::of(&Versions::new());
    let endless = knowledge.endless().filter_map(|(path, kind)| {
        let rule = match kind {
            "connect" => "reliable::connect-no-timeout",
            "client" | "request" => "reliable::http-no-timeout",
            _ => return None,
        };
        Some(Disallowed { path: path.to_owned(), rule })
    });
    let others = OTHERS.map(|(path, rule)| Disallowed { path: path.to_owned(), rule });
    let mut all: Vec<Disallowed> = endless.chain(others).collect();
    all.sort();
    all.dedup();
    all
}
